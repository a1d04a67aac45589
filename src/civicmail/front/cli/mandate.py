"""`civicmail mandate`: request, decide and close examinations (P-16)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from civicmail.city.guard import guard
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.examination_grounds import PROTECTED_CLASSES
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.mandates import DEFAULT_DAYS, GROUNDS
from civicmail.core.config.errors import UsageError
from civicmail.desk.workbench.acts.examinations import APPROVE_MANDATE, CLOSE_MANDATE, REFUSE_MANDATE
from civicmail.front.cli import act_commands, actors, options, output, verbs
from civicmail.front.cli.groups import group

if TYPE_CHECKING:
    from civicmail.city.guard.models import Mandate
    from civicmail.front.cli.actors import Desk

app = group("Looking at other people's mail: who asks why, who decides, until when.")
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of a mandate, like 26-014.")]
DAY = 86_400_000


@app.command()
def ask(
    ground: Annotated[str, typer.Argument(metavar="GROUND", help=f"One of {', '.join(GROUNDS)}.")],
    reason: options.Why,
    role: Annotated[str, typer.Option("--duty", metavar="ROLE", help="As what; a head of a department says department-head.")],
    sign_in: options.SignIn,
    people: Annotated[list[str] | None, typer.Option("--person", metavar="PERSON", help="Whose mail; once for each.")] = None,
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="All mail of a department instead.")] = "",
    first: Annotated[str, typer.Option("--first", metavar="DAY", help="Received on this day, UTC, or later.")] = "",
    last: Annotated[str, typer.Option("--last", metavar="DAY", help="Received on this day, UTC, or before.")] = "",
    words: Annotated[str, typer.Option("--words", metavar="QUERY", help="Only what this query finds.")] = "",
    days: Annotated[int, typer.Option("--days", help="For so many days from the approval on.")] = DEFAULT_DAYS,
    sealed: Annotated[bool, typer.Option("--sealed", help="What is looked at is never shown to whom it is about.")] = False,
    json: options.Json = False,
) -> None:
    """Ask for a mandate; a second person decides."""
    desk = _desk("mandate ask", sign_in)
    from civicmail.city.identity.actions import mandates

    uids = tuple(actors.named(name).uid for name in people or ())
    scope = MandateRequest(uids, department, _start(first), _end(last), words, days, options.why(reason))
    made = mandates.ask(ground, role, scope, sealed=sealed, actor=desk.actor, now=desk.now)
    output.emit(_plain(made)) if json else output.show(f"{made.number} waits for a second person.")


@app.command("list")
def list_(sign_in: options.SignIn, json: options.Json = False) -> None:
    """List your examinations, and those that wait for you."""
    desk = _desk("mandate list", sign_in)
    from civicmail.city.identity.examination_labels import EXAMINATIONS
    from civicmail.city.identity.queries import mandates

    waiting = mandates.waiting_for(desk.actor, desk.now)
    rows = [*mandates.requested_by(desk.actor), *waiting.requested, *waiting.urgent, *(c.mandate for c in waiting.changes)]
    for row in rows:
        if json:
            output.emit(_plain(row))
        else:
            until = f"until {row.until:%Y-%m-%d %H:%M}" if row.until else "not in force"
            output.show(f"{row.number}  {EXAMINATIONS[row.state][1]:<9}  {row.ground:<11}  {until}  {row.person}: {row.reason}")
    if not rows and not json:
        output.words("You asked for none, and none waits for you.")


@app.command()
def show(number: Number, sign_in: options.SignIn, json: options.Json = False) -> None:
    """Show an examination: people, scope, decision."""
    desk = _desk("mandate show", sign_in)
    row = _seen(desk, number)
    plain = _plain(row) | {"people": [s.person.uid for s in row.subjects.filter(until__isnull=True)]}
    if json:
        output.emit(plain)
        return
    for name, value in plain.items():
        output.show(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


for act in (APPROVE_MANDATE, REFUSE_MANDATE, CLOSE_MANDATE):
    act_commands.add(app, act)


@app.command()
def protect(
    kind: Annotated[str, typer.Argument(metavar="CLASS", help=f"One of {', '.join(PROTECTED_CLASSES)}.")],
    reason: options.Why,
    sign_in: options.SignIn,
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="Somebody who belongs to it.")] = "",
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="Or a department with its divisions.")] = "",
    approver: Annotated[str, typer.Option("--approver", metavar="PERSON", help="Or who decides about its mail.")] = "",
) -> None:
    """Say whose mail is protected, or who decides about it."""
    if sum(map(bool, (person, department, approver))) != 1:
        raise UsageError("Give one of --person, --department and --approver.")
    desk = _desk("mandate protect", sign_in)
    from civicmail.city.guard.actions import protections

    if approver:
        made = protections.name_approver(kind, actors.named(approver), actor=desk.actor, reason=reason, now=desk.now)
    else:
        whom = actors.named(person) if person else actors.department(department)
        made = protections.protect(kind, whom, actor=desk.actor, reason=reason, now=desk.now)
    output.show(
        f"{PROTECTED_CLASSES[made.kind]}: {made.person or made.department}{' decides' if made.approves else ' is protected'}."
    )


def _desk(verb: str, sign_in: options.SignIn) -> Desk:
    """The desk of an actor whom the guard admits. Raises NotPermitted."""
    desk = actors.signed_in(verb, sign_in)
    guard.require_could(desk.actor, verbs.line(verb).act, now=desk.now)
    return desk


def _seen(desk: Desk, number: str) -> Mandate:
    """A mandate that the asker may know of. Raises Unusable for any other, whether there is one or not."""
    from civicmail.city.identity.queries import mandates

    return require_row(mandates.find_visible(desk.actor, number, desk.now), f"You see no mandate {number}.")


def _plain(row: Mandate) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "ground": row.ground,
        "asker": row.person.uid,
        "duty": row.role,
        "reason": row.reason,
        "department": row.department.code if row.department else "",
        "first": row.first,
        "last": row.last,
        "words": row.words,
        "until": row.until.isoformat() if row.until else "",
    }


def _start(day: str) -> int | None:
    return int(datetime.combine(options.day(day), time(), UTC).timestamp() * 1000) if day else None


def _end(day: str) -> int | None:
    start = _start(day)
    return None if start is None else start + DAY - 1
