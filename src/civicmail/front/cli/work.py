"""`civicmail people add|change|move|rehire`: maintain people by hand (P-08, M6, L5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import actors, options, output

if TYPE_CHECKING:
    from civicmail.city.directory.actions.people import Work
    from civicmail.city.directory.models import Person
    from civicmail.front.cli.actors import Desk

Dept = Annotated[str, typer.Option("--department", metavar="CODE", help="The code of a department.")]
Kind = Annotated[str, typer.Option("--kind", help="employee, contractor, vendor, agent, volunteer, board or elected.")]
Position = Annotated[str, typer.Option("--position", help="The position.")]
Supervisor = Annotated[str, typer.Option("--supervisor", metavar="PERSON", help="Number or sign-in name.")]
Contract = Annotated[str, typer.Option("--contract", metavar="AGENCY/NUMBER", help="For contractors, vendors and agents.")]
Starts = Annotated[str, typer.Option("--starts", metavar="DAY", help="The first day, like 2026-03-02; else today.")]


def add(
    uid: Annotated[str, typer.Argument(metavar="NUMBER", help="As the personnel system has it; it stays for ever.")],
    family: Annotated[str, typer.Option("--family", help="Family name.")],
    department: Dept,
    as_: options.Signed,
    reason: options.Why,
    given: Annotated[str, typer.Option("--given", help="Given name.")] = "",
    kind: Kind = "employee",
    position: Position = "",
    supervisor: Supervisor = "",
    contract: Contract = "",
    starts: Starts = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Add a person who works for the city, without mail access, which the department decides."""
    desk = actors.signed_in("people add", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import people
    from civicmail.city.directory.actions.people import Name

    work = _work(department, kind, position, supervisor, contract, starts, desk.now)
    made = people.add(uid, Name(family, given), work, actor=desk.actor, reason=reason, now=desk.now)
    _confirm(made, f"works in {department} now, without mail access", json)


def rehire(
    person: options.Who,
    department: Dept,
    as_: options.Signed,
    reason: options.Why,
    kind: Kind = "employee",
    position: Position = "",
    supervisor: Supervisor = "",
    contract: Contract = "",
    starts: Starts = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Add a former employee again, without the old access."""
    desk = actors.signed_in("people rehire", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import people

    who = actors.named(person)
    work = _work(department, kind, position, supervisor, contract, starts, desk.now)
    people.rehire(who, work, actor=desk.actor, reason=reason, now=desk.now)
    _confirm(who, f"works in {department} again, without mail access", json)


def move(
    person: options.Who,
    department: Dept,
    as_: options.Signed,
    reason: options.Why,
    position: Position = "",
    supervisor: Supervisor = "",
    overlap: Annotated[int, typer.Option("--overlap", min=0, max=90, help="Days for which access goes on.")] = 30,
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Move a person to another department: old authorizations end, and the new department decides."""
    desk = actors.signed_in("people move", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import people

    who, to = actors.named(person), actors.department(department)
    count = people.move(
        who, to, position=position, supervisor=_boss(supervisor), overlap=overlap, actor=desk.actor, reason=reason, now=desk.now
    )
    _confirm(who, f"was moved to {to.code}; rights that end: {count}", json)


def change(
    person: options.Who,
    as_: options.Signed,
    reason: options.Why,
    family: Annotated[str | None, typer.Option("--family", help="Family name.")] = None,
    given: Annotated[str | None, typer.Option("--given", help="Given name.")] = None,
    display: Annotated[str | None, typer.Option("--display", help="As it stands in From.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Telephone.")] = None,
    position: Annotated[str | None, typer.Option("--position", help="The position.")] = None,
    supervisor: Annotated[str | None, typer.Option("--supervisor", metavar="PERSON", help="Number or sign-in name.")] = None,
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Change name, telephone, position or supervisor; omitted values are unchanged."""
    desk = actors.signed_in("people change", data, config, as_, now=now_ms(), tables=True)
    changes = {"family": family, "given": given, "display": display, "phone": phone}
    _change(desk, actors.named(person), {k: v for k, v in changes.items() if v is not None}, position, supervisor, reason)
    _confirm(actors.named(person), "was changed", json)


def _change(desk: Desk, who: Person, changes: dict[str, str], position: str | None, supervisor: str | None, reason: str) -> None:
    from civicmail.city.access.actions import people
    from civicmail.city.access.actions.acting import employment
    from civicmail.city.access.actions.publishing import single_publication
    from civicmail.city.directory.actions.people import Name

    act: dict[str, Any] = {"actor": desk.actor, "reason": reason, "now": desk.now}
    name = {field: getattr(who, field) for field in ("family", "given", "display", "phone", "language")} | changes
    with single_publication():
        people.rename(who, Name(**name), **act)
        if position is not None or supervisor is not None:
            work = employment(who)
            boss = work.supervisor if supervisor is None else _boss(supervisor)
            people.change_work(who, position=work.position if position is None else position, supervisor=boss, **act)


def _work(department: str, kind: str, position: str, supervisor: str, contract: str, starts: str, now: int) -> Work:
    from civicmail.city.access.queries import feeds
    from civicmail.city.directory.actions.people import Work
    from civicmail.city.directory.models import Kind

    if kind not in Kind.values:
        raise UsageError(f"{kind} is none of {', '.join(Kind.values)}.")
    under = feeds.contracts().get(contract) if contract else None
    if contract and under is None:
        raise UsageError(f"There is no contract {contract}; say it like northline/26-114.")
    first: date = options.day(starts) if starts else datetime.fromtimestamp(now / 1000, UTC).date()
    return Work(kind, actors.department(department), position, _boss(supervisor), under, first, None)


def _boss(text: str) -> Person | None:
    return actors.named(text) if text else None


def _confirm(who: Person, what: str, json: bool) -> None:
    if json:
        output.emit({"uid": who.uid, "name": who.display})
    else:
        output.show(f"{who} ({who.uid}) {what}.")
