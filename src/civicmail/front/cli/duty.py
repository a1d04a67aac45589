"""`civicmail duty`: duties granted, and taken up for some hours."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.city.access.duties import DUTIES, Duty
from civicmail.city.access.errors import Unusable
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import acting, options, output
from civicmail.front.cli.groups import group

app = group("What a person may do beyond their own mail, and until when.")
What = Annotated[str, typer.Argument(metavar="DUTY", help=f"One of {', '.join(DUTIES)}.")]


@app.command()
def grant(
    person: options.Who,
    duty: What,
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day, like 2026-12-31; at most a year away.")],
    reason: options.Why,
    as_: options.As = "",
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="For a duty of a department.")] = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Give somebody a duty."""
    desk = acting.office("duty grant", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import duties

    who, where = acting.named(person), acting.department(department) if department else None
    made = duties.grant(
        who, _duty(duty), until=options.end_of(until), actor=desk.actor, reason=reason, now=desk.now, department=where
    )
    output.show(f"{who}: {DUTIES[_duty(duty)].name} until {options.last_day(made.until)}.")


@app.command()
def take(
    duty: What,
    as_: options.Signed,
    reason: options.Why,
    hours: Annotated[int, typer.Option("--hours", min=1, max=4, help="For so long.")] = 1,
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Take up a privileged duty of one's own, for at most four hours."""
    desk = acting.signed_in("duty take", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import duties
    from civicmail.city.access.models import DutyGrant

    held = DutyGrant.objects.select_related("person").filter(person__uid=desk.actor.uid, duty=_duty(duty), ended__isnull=True)
    own = held.order_by("-until").first()
    if own is None:
        raise Unusable(f"You do not have the duty {DUTIES[_duty(duty)].name.lower()}.")
    use = duties.take_up(own, hours=hours, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{DUTIES[_duty(duty)].name} until {use.until:%H:%M} UTC.")


@app.command("lay-down")
def lay_down(
    duty: What,
    as_: options.Signed,
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Lay down a duty of one's own before its time is over."""
    desk = acting.signed_in("duty lay-down", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import duties
    from civicmail.city.access.queries.actors import taken_up

    used = [use for use in taken_up(acting.named(desk.actor.uid), desk.now) if use.grant.duty == _duty(duty)]
    if not used:
        raise Unusable(f"You have not taken up the duty {DUTIES[_duty(duty)].name.lower()}.")
    for use in used:
        duties.lay_down(use, actor=desk.actor, now=desk.now)
    output.show(f"{DUTIES[_duty(duty)].name} is laid down.")


@app.command()
def end(
    person: options.Who,
    duty: What,
    as_: options.Signed,
    reason: options.Why,
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="For a duty of a department.")] = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """End a duty before its time, and what was taken up under it."""
    desk = acting.signed_in("duty end", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import duties
    from civicmail.city.access.models import DutyGrant

    who = acting.named(person)
    held = DutyGrant.objects.select_related("person").filter(person=who, duty=_duty(duty), ended__isnull=True)
    own = (held.filter(department__code=department) if department else held).order_by("-until").first()
    if own is None:
        raise Unusable(f"{who} does not have the duty {DUTIES[_duty(duty)].name.lower()}.")
    duties.end(own, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{who}: {DUTIES[_duty(duty)].name} has ended.")


@app.command()
def conflict(
    person: options.Who,
    first: Annotated[str, typer.Argument(metavar="DUTY", help="One of two duties that exclude each other.")],
    second: Annotated[str, typer.Argument(metavar="DUTY", help="The other one.")],
    control: Annotated[str, typer.Option("--control", metavar="TEXT", help="Why it has to be, and who watches over it.")],
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day, like 2026-12-31; at most a year away.")],
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Record why somebody may have two duties that exclude each other."""
    desk = acting.office("duty conflict", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import duties

    who = acting.named(person)
    last, first_role, other = options.end_of(until), _duty(first), _duty(second)
    duties.record_conflict(who, first_role, other, control=control, until=last, actor=desk.actor, now=desk.now)
    output.show(f"{who} may have both duties until {until}.")


@app.command("list")
def list_(as_: options.Signed, data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """Who has which duty, and until when."""
    desk = acting.signed_in("duty list", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.models import DutyGrant
    from civicmail.city.access.moments import moment

    guard.require(desk.actor, "duty.see", now=desk.now)
    rows = DutyGrant.objects.select_related("person", "department").filter(ended__isnull=True, until__gt=moment(desk.now))
    for row in rows.order_by("duty", "until"):
        code = row.department.code if row.department else ""
        if json:
            output.emit({"person": row.person.uid, "duty": row.duty, "department": code, "until": row.until.isoformat()})
        else:
            output.show(f"{row.duty:22} {row.person}{f' ({code})' if code else ''}, until {options.last_day(row.until)}")


def _duty(text: str) -> Duty:
    if text not in DUTIES:
        raise UsageError(f"There is no duty {text}; there are {', '.join(DUTIES)}.")
    return text
