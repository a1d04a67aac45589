"""`civicmail agency`: agencies, their contracts, and suspension of all their people (P-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from civicmail.city.access.errors import Unusable
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group

if TYPE_CHECKING:
    from civicmail.city.directory.models import Agency

app = group("Companies and bodies outside of the city whose people work for it.")
Code = Annotated[str, typer.Argument(metavar="AGENCY", help="The code of an agency.")]


@app.command("list")
def list_(as_: options.As = "", data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """List agencies with their number of people, and suspensions."""
    desk = actors.office("agency list", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.directory.models import Agency, Episode

    guard.require(desk.actor, "agency.see", now=desk.now)
    working = Episode.objects.filter(ended__isnull=True, contract__isnull=False).values_list("contract__agency", flat=True)
    count = dict.fromkeys(Agency.objects.values_list("pk", flat=True), 0)
    for agency in working:
        count[agency] += 1
    for row in Agency.objects.all():
        since = row.suspended.isoformat() if row.suspended else ""
        if json:
            output.emit({"code": row.code, "name": row.name, "people": count[row.pk], "suspended": since})
        else:
            output.show(f"{row.code:16} {row.name}, {count[row.pk]} people{f', suspended since {since}' if since else ''}")


@app.command()
def add(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A new code, as the personnel list has it: AGENCY/NUMBER.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    reason: options.Why,
    contact: Annotated[str, typer.Option("--contact", metavar="TEXT", help="Whom to tell, and how.")] = "",
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Enter an agency."""
    desk = actors.office("agency add", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import organization

    made = organization.make_agency(code, name, contact=contact, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{made.code} is entered.")


@app.command()
def contract(
    code: Code,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the contract.")],
    starts: Annotated[str, typer.Option("--starts", metavar="DAY", help="The first day, like 2026-01-01.")],
    ends: Annotated[str, typer.Option("--ends", metavar="DAY", help="The last day; access of its people ends with it.")],
    reason: options.Why,
    sponsor: Annotated[str, typer.Option("--sponsor", metavar="PERSON", help="Who of the city answers for its people.")] = "",
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Enter a contract of an agency."""
    desk = actors.office("agency contract", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import organization

    who = actors.named(sponsor) if sponsor else None
    first, last = options.day(starts), options.day(ends)
    made = organization.make_contract(_agency(code), number, who, first, last, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{code}/{made.number} from {made.starts} to {made.ends}.")


@app.command()
def suspend(
    code: Code, reason: options.Why, as_: options.As = "", data: options.Data = None, config: options.Config = None
) -> None:
    """Stop the mail of all its people, at once."""
    desk = actors.office("agency suspend", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import organization

    count = organization.suspend_agency(_agency(code), actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{code} is suspended, with {count} people.")


@app.command()
def resume(code: Code, reason: options.Why, as_: options.As = "", data: options.Data = None, config: options.Config = None) -> None:
    """Let its people use mail again, as far as each is authorised."""
    desk = actors.office("agency resume", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import organization

    count = organization.resume_agency(_agency(code), actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{code} is not suspended any more; it has {count} people.")


def _agency(code: str) -> Agency:
    from civicmail.city.directory.models import Agency

    agency = Agency.objects.filter(code=code).first()
    if agency is None:
        raise Unusable(f"The directory has no agency {code}.")
    return agency
