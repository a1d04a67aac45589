"""`civicmail lists`: mailing lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from civicmail.city.guard.errors import Unusable
from civicmail.city.identity.acts.lists import CHANGE_LIST, CLOSE_LIST, MAKE_LIST
from civicmail.city.identity.lists.mailing_lists import DEPARTMENT_MAILING_LISTS
from civicmail.front.cli import act_commands, actors, list_commands, options, output
from civicmail.front.cli.groups import group

if TYPE_CHECKING:
    from civicmail.city.directory.models import MailGroup

app = group("Lists: an address with the mailboxes behind it. What is sent to one is kept once, with who got it.")
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address of a list.")]
Several = Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="A mailbox or a list; may be said several times.")]


@app.command()
def show(address: Address, sign_in: options.OptionalSignIn, json: options.Json = False) -> None:
    """List the recipients of a mailing list, nested lists expanded."""
    desk = actors.office("lists show", sign_in)
    from civicmail.city.guard import guard
    from civicmail.city.identity.queries.actors import about_department
    from civicmail.city.identity.queries.groups import behind

    row = _group(address)
    guard.require(desk.actor, "mailbox.see", about_department(row.department), now=desk.now)
    for box in behind(row):
        output.emit({"address": box}) if json else output.show(box)


list_commands.add(app, DEPARTMENT_MAILING_LISTS)
for act in (MAKE_LIST, CHANGE_LIST, CLOSE_LIST):
    act_commands.add(app, act)


def _group(address: str) -> MailGroup:
    from civicmail.city.directory.models import MailGroup

    row = MailGroup.objects.select_related("department").filter(address=address.strip().lower()).first()
    if row is None:
        raise Unusable(f"The directory has no list {address}.")
    return row
