"""Acts on mailing lists: make, change who is on one, close (P-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.identity.acts.owning_departments import InOwnDepartment, OwningDepartments, owned_page
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Email, Flag, Input, Lines, Text, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import MailGroup

_ROUTE, _PATH = "access/lists/<str:address>", "/lists/{str:address}"
_SCOPE = "write:mailboxes"
_ROW = {"address": Parameter("ADDRESS", "The address of a list.")}


class ListToMake(Input):
    """everyone: everybody of the department and its divisions, always."""

    department = Choice(label="Which department owns it?")
    address = Email(label="Address", help="In a domain of the city.")
    name = Text(label="Name", max_length=160, rows=1)
    everyone = Flag(label="Everybody of the department and its divisions, always", help="Else only those whom you name next.")
    reason = reason()


class ListMember(Input):
    """address: of a mailbox, or of another list."""

    address = Email(label="Address", help="Of a mailbox of the city, or of another list.")
    reason = reason()


class Members(Input):
    """add, remove: addresses of mailboxes and lists."""

    add = Lines(label="Addresses to put on it", help="Of mailboxes or lists.", required=False)
    remove = Lines(label="Addresses to take off", required=False)
    reason = reason()


class MakeList(InOwnDepartment[ListToMake, "MailGroup"]):
    """Make a mailing list owned by a department."""

    name, permission, input = "make_list", "group.change", ListToMake
    page = Page("access/lists/new/", "list-new")
    operation = Operation("/lists", _SCOPE, status=201)
    command = Command("lists make", positions=("address", "name"))
    everywhere, of_department = "lists", "dept-lists"

    def perform(self, row: OwningDepartments, given: ListToMake, *, actor: Actor, now: int) -> MailGroup:
        from civicmail.city.identity.actions import mailboxes

        return mailboxes.make_group(
            given.address, given.name, row.named(given.department), everyone=given.everyone, actor=actor, reason=given.reason,
            now=now,
        )  # fmt: skip

    def message(self, row: OwningDepartments, done: MailGroup) -> str:
        return f"{done.address} is a list of {done.department}."

    def after(self, done: MailGroup) -> str:
        return _url(done)

    def form_page(self, row: OwningDepartments) -> FormPage:
        return FormPage(title="New list", section="Lists", submit="Make 1 list", back=row.back, crumbs=[("Lists", row.back)])


class _OnList[Given: Input](Act["MailGroup", Given, "MailGroup"]):
    permission = "group.change"

    def load(self, address: str, *, actor: Actor, now: int) -> MailGroup:
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import MailGroup

        return get_object_or_404(MailGroup.objects.select_related("department"), address=address.strip().lower())

    def find(self, address: str, *, actor: Actor, now: int) -> MailGroup:
        from civicmail.city.directory.models import MailGroup
        from civicmail.city.guard.errors import Unusable

        row = MailGroup.objects.select_related("department").filter(address=address.strip().lower()).first()
        if row is None:
            raise Unusable(f"The directory has no list {address}.")
        return row

    def resource(self, row: MailGroup, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.actors import about_department

        return about_department(row.department)


class AddToList(_OnList[ListMember]):
    """Add a mailbox, or another list with its members."""

    name, input = "add_to_list", ListMember
    page = Page(f"{_ROUTE}/add/", "list-add")
    operation = Operation(f"{_PATH}/add", _SCOPE)
    success_message = "It is on the list."

    def perform(self, row: MailGroup, given: ListMember, *, actor: Actor, now: int) -> MailGroup:
        from civicmail.city.identity.actions import mailboxes

        return mailboxes.change_members(row, [given.address], actor=actor, reason=given.reason, now=now)

    def form_page(self, row: MailGroup) -> FormPage:
        return owned_page("list", row, f"Add an address to {row.address}", "Add 1 address")


class TakeOutOfList(_OnList[ListMember]):
    """Remove an address from a mailing list."""

    name, input = "take_out_of_list", ListMember
    page = Page(f"{_ROUTE}/take-out/", "list-take-out")
    operation = Operation(f"{_PATH}/take-out", _SCOPE)
    from_link = ("address",)
    success_message = "It is not on the list any more."

    def perform(self, row: MailGroup, given: ListMember, *, actor: Actor, now: int) -> MailGroup:
        from civicmail.city.identity.actions import mailboxes

        return mailboxes.change_members(row, remove=[given.address], actor=actor, reason=given.reason, now=now)

    def form_page(self, row: MailGroup) -> FormPage:
        return owned_page(
            "list", row, f"Remove an address from {row.address}", "Remove 1 address",
            effects=[f"Mail to {row.address} does not reach this address through the list any more."],
            stays=["The mailbox, its mail and other lists stay as they are."],
        )  # fmt: skip


class ChangeList(_OnList[Members]):
    """Put mailboxes and lists on it, and take others off."""

    name, input = "change_list", Members
    command = Command("lists change", row=_ROW)

    def perform(self, row: MailGroup, given: Members, *, actor: Actor, now: int) -> MailGroup:
        from civicmail.city.identity.actions import mailboxes

        return mailboxes.change_members(row, given.add, given.remove, actor=actor, reason=given.reason, now=now)

    def message(self, row: MailGroup, done: MailGroup) -> str:
        return f"On {done} now: mailboxes {done.members.count()}, lists {done.subgroups.count()}."


class CloseList(_OnList[Because]):
    """Close a mailing list. Its address is not reused."""

    name, input = "close_list", Because
    page = Page(f"{_ROUTE}/close/", "list-close")
    operation = Operation(f"{_PATH}/close", _SCOPE)
    command = Command("lists close", row=_ROW)

    def perform(self, row: MailGroup, given: Because, *, actor: Actor, now: int) -> MailGroup:
        from civicmail.city.identity.actions import mailboxes

        mailboxes.close_group(row, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row

    def message(self, row: MailGroup, done: MailGroup) -> str:
        return f"{row} is closed."

    def form_page(self, row: MailGroup) -> FormPage:
        return owned_page(
            "list", row, f"Close {row.address}?", "Close 1 list", stop=True,
            effects=[f"Mail to {row.address} reaches nobody from now on.", "Lists that it is on go on without it."],
            stays=["Mail that came by it is kept.", "Nobody else gets the address."],
        )  # fmt: skip


def _url(row: MailGroup) -> str:
    from django.urls import reverse

    return reverse("list", args=[row.address])


MAKE_LIST, CHANGE_LIST = MakeList(), ChangeList()
ADD_TO_LIST, TAKE_OUT_OF_LIST, CLOSE_LIST = AddToList(), TakeOutOfList(), CloseList()
ON_LISTS: tuple[Act[Any, Any, MailGroup], ...] = (ADD_TO_LIST, TAKE_OUT_OF_LIST, CLOSE_LIST)
