"""`civicmail lists`: mailing lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from civicmail.city.access.errors import Unusable
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group

if TYPE_CHECKING:
    from civicmail.city.directory.models import Mailbox, MailGroup

app = group("Lists: an address with the mailboxes behind it. What is sent to one is kept once, with who got it.")
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address of a list.")]
Several = Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="A mailbox or a list; may be said several times.")]


@app.command("list")
def list_(
    department: Annotated[str, typer.Argument(metavar="DEPARTMENT", help="The code of a department.")],
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """The lists of a department."""
    desk = actors.office("lists list", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.queries.actors import about_department
    from civicmail.city.directory.models import MailGroup

    home = actors.department(department)
    guard.require(desk.actor, "mailbox.see", about_department(home), now=desk.now)
    for row in MailGroup.objects.filter(department=home, closed__isnull=True):
        if json:
            output.emit({"address": row.address, "name": row.name, "everyone": row.everyone})
        else:
            output.show(f"{row.address:40} {row.name}{', everyone of the department' if row.everyone else ''}")


@app.command()
def show(
    address: Address, as_: options.As = "", data: options.Data = None, config: options.Config = None, json: options.Json = False
) -> None:
    """List the recipients of a mailing list, nested lists expanded."""
    desk = actors.office("lists show", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.queries.actors import about_department
    from civicmail.city.access.queries.groups import behind

    row = _group(address)
    guard.require(desk.actor, "mailbox.see", about_department(row.department), now=desk.now)
    for box in behind(row):
        output.emit({"address": box}) if json else output.show(box)


@app.command()
def make(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A new address in a domain of the city.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="Whose list it is.")],
    reason: options.Why,
    everyone: Annotated[bool, typer.Option("--everyone", help="All personal mailboxes of the department and below.")] = False,
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Make a list."""
    desk = actors.office("lists make", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import mailboxes

    home = actors.department(department)
    made = mailboxes.make_group(address, name, home, everyone=everyone, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{made.address} is a list of {home}.")


@app.command()
def change(
    address: Address,
    reason: options.Why,
    add: Several = None,
    remove: Several = None,
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Put mailboxes and lists on it, and take others off."""
    desk = actors.office("lists change", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import mailboxes

    row = _group(address)
    on, inside = {box.address: box for box in row.members.all()}, {sub.address: sub for sub in row.subgroups.all()}
    for address_ in (text.strip().lower() for text in remove or ()):
        if on.pop(address_, None) is None and inside.pop(address_, None) is None:
            raise Unusable(f"{address_} is not on the list {row}.")
    for text in add or ():
        _put(text.strip().lower(), on, inside)
    mailboxes.change_group(row, on.values(), inside.values(), actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{row} has {len(on)} mailboxes and {len(inside)} lists.")


@app.command()
def close(
    address: Address, reason: options.Why, as_: options.As = "", data: options.Data = None, config: options.Config = None
) -> None:
    """Close a mailing list. Its address is not reused."""
    desk = actors.office("lists close", data, config, as_, now=now_ms())
    from civicmail.city.access.actions import mailboxes

    row = _group(address)
    mailboxes.close_group(row, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"{row} is closed.")


def _put(address: str, on: dict[str, Mailbox], inside: dict[str, MailGroup]) -> None:
    """Add the mailbox or list with this address to one of the two. Raises Unusable."""
    from civicmail.city.directory.models import Mailbox, MailGroup

    box = Mailbox.objects.filter(address=address, closed__isnull=True).first()
    sub = None if box else MailGroup.objects.filter(address=address, closed__isnull=True).first()
    if box is not None:
        on[address] = box
    elif sub is not None:
        inside[address] = sub
    else:
        raise Unusable(f"The directory has no mailbox and no list {address}.")


def _group(address: str) -> MailGroup:
    from civicmail.city.directory.models import MailGroup

    row = MailGroup.objects.select_related("department").filter(address=address.strip().lower()).first()
    if row is None:
        raise Unusable(f"The directory has no list {address}.")
    return row
