"""`civicmail access requests|ask|grant|decide|withdraw|revoke|stay`: authorizations, one at a time (P-04, P-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from civicmail.city.access.errors import Unusable
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import actors, options, output

if TYPE_CHECKING:
    from civicmail.city.access.models import Authorisation

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `access requests` lists them.")]
Until = Annotated[str, typer.Option("--until", metavar="DAY", help="The last day, like 2026-12-31; at most a year away.")]
Duties = Annotated[str, typer.Option("--duties", metavar="TEXT", help="Which duties need it.")]
Performance = Annotated[str, typer.Option("--performance", metavar="TEXT", help="How it helps to do better work.")]
Efficiency = Annotated[str, typer.Option("--efficiency", metavar="TEXT", help="How it saves time or money.")]
Service = Annotated[str, typer.Option("--service", metavar="TEXT", help="How it helps the people of the city.")]
YEAR = 365 * 86_400_000


def requests_(
    department: Annotated[str, typer.Argument(metavar="DEPARTMENT", help="The code of a department.")],
    as_: options.Signed,
    state: Annotated[str, typer.Option("--state", help="Only those: asked, active, suspended …")] = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Rights and requests of a department, the newest first."""
    desk = actors.signed_in("access requests", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.models import Authorisation
    from civicmail.city.access.resources import InDepartment

    guard.require(desk.actor, "roster.see", InDepartment(actors.department(department).code), now=desk.now)
    rows = Authorisation.objects.filter(department__code=department).select_related("person", "mailbox", "requester")
    for a in (rows.filter(state=state) if state else rows).order_by("-pk"):
        _show(a, json)


def ask(
    person: options.Who,
    until: Until,
    duties: Duties,
    performance: Performance,
    efficiency: Efficiency,
    service: Service,
    as_: options.Signed,
    address: Annotated[str, typer.Option("--address", help="Left out: made from the name.")] = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Request a mailbox for a person. The department decides, and nobody about their own."""
    desk = actors.signed_in("access ask", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import access_requests
    from civicmail.city.access.reasons import Reasons

    reasons, end = Reasons(duties, performance, efficiency, service), min(options.end_of(until), desk.now + YEAR)
    _show(
        access_requests.ask(actors.named(person), reasons=reasons, until=end, address=address, actor=desk.actor, now=desk.now), json
    )


def grant(
    mailbox: Annotated[str, typer.Argument(metavar="ADDRESS", help="Of the mailbox.")],
    person: options.Who,
    until: Until,
    duties: Duties,
    performance: Performance,
    efficiency: Efficiency,
    service: Service,
    as_: options.Signed,
    role: Annotated[str, typer.Option("--role", help="delegate or successor.")] = "delegate",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Ask that a named person may use another mailbox, under their own sign-in."""
    desk = actors.signed_in("access grant", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import access_requests
    from civicmail.city.access.reasons import Reasons
    from civicmail.city.directory.models import Mailbox

    box = Mailbox.objects.select_related("department", "holder").filter(address=mailbox.strip().lower()).first()
    if box is None:
        raise Unusable(f"There is no mailbox {mailbox}.")
    reasons, end = Reasons(duties, performance, efficiency, service), min(options.end_of(until), desk.now + YEAR)
    made = access_requests.ask_grant(actors.named(person), box, role, reasons=reasons, until=end, actor=desk.actor, now=desk.now)
    _show(made, json)


def decide(
    number: Number,
    answer: Annotated[str, typer.Argument(metavar="yes|no", help="Your answer.")],
    as_: options.Signed,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Needed for a no; who asked reads it.")] = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Approve or deny a request made by another person, for another person."""
    desk = actors.signed_in("access decide", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import access_requests

    if answer not in ("yes", "no"):
        raise UsageError("Answer yes or no.")
    verb = access_requests.approve if answer == "yes" else access_requests.refuse
    _show(verb(_the(number), actor=desk.actor, reason=reason, now=desk.now), json)


def withdraw(
    number: Number,
    as_: options.Signed,
    reason: options.Why,
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Take a request back before it is in force."""
    desk = actors.signed_in("access withdraw", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import access_requests

    _show(access_requests.withdraw(_the(number), actor=desk.actor, reason=reason, now=desk.now), json)


def revoke(
    number: Number,
    as_: options.Signed,
    reason: options.Why,
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Revoke one authorization; the others stay."""
    desk = actors.signed_in("access revoke", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import suspensions

    _show(suspensions.revoke(_the(number), actor=desk.actor, reason=reason, now=desk.now), json)


def stay(
    person: options.Who, as_: options.Signed, reason: options.Why, data: options.Data = None, config: options.Config = None
) -> None:
    """Call an end off that was planned and has not come: the person stays."""
    desk = actors.signed_in("access stay", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access import guard
    from civicmail.city.access.actions import access_end
    from civicmail.city.access.queries.actors import about_person

    who = actors.named(person)
    guard.require(desk.actor, "access.end", about_person(who), now=desk.now)
    planned = who.endings.select_related("person", "episode").filter(done__isnull=True).order_by("-pk").first()
    if planned is None:
        raise Unusable(f"No end of access is planned for {who}.")
    access_end.call_off(planned, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{who} stays.")


def _the(number: int) -> Authorisation:
    from civicmail.city.access.models import Authorisation

    rows = Authorisation.objects.select_related("mailbox__holder", "person", "department", "requester", "episode__contract")
    right = rows.filter(pk=number).first()
    if right is None:
        raise Unusable(f"There is no right {number}.")
    return right


def _show(a: Authorisation, json: bool) -> None:
    if json:
        output.emit(
            {
                "number": a.pk, "person": a.person.uid, "mailbox": a.mailbox.address, "role": a.role, "state": a.state,
                "until": a.until.isoformat(), "requester": a.requester.uid,
            }
        )  # fmt: skip
    else:
        output.show(f"{a.pk:6} {a.person} ({a.person.uid}): {a.mailbox}, {a.role}, {a.state} until {options.last_day(a.until)}")
