"""Acts on mailboxes and their addresses: make, renew, invite files, close, request access for a person (P-04, P-07, P-08)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import GrantOn, Resource
from civicmail.city.identity.acts.access_reasons import FourReasons
from civicmail.city.identity.acts.access_requests import AccessToAsk, ShownAuthorization
from civicmail.city.identity.acts.owning_departments import InOwnDepartment, OwningDepartments, owned_page
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Choices, Day, Email, Input, OptionalDay, PersonName, Text, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import Mailbox
    from civicmail.city.identity.models import Authorization

_ROUTE, _PATH = "access/mailboxes/<str:address>", "/mailboxes/{str:address}"
_SCOPE = "write:mailboxes"
_IN_DOMAIN = "In a domain of the city."
_ROLES = [
    ("delegate", "Delegate: reads, and sends from it under their own name"),
    ("successor", "Successor: reads what was left"),
]


class MailboxToMake(Input):
    """kind: function or service; expires: the last day, of a service."""

    kind = Choice(
        label="For whom?", radio=True, missing="Choose one of the two.",
        choices=[("function", "A role: named people use it, as clerk@ or 311@"), ("service", "A machine that sends, as a printer")],
    )  # fmt: skip
    department = Choice(label="Which department owns it?")
    address = Email(label="Address", help=_IN_DOMAIN)
    name = Text(label="Name", help="Mail from it carries this name.", max_length=160, rows=1)
    purpose = Text(label="What is it for?", help="At least 20 characters.", min_length=20)
    expires = OptionalDay(label="Until which day?", help="Only for a machine: at most a year.")
    reason = reason()


class NewAddress(Input):
    """An address in a domain of the city."""

    address = Email(label="Address", help=_IN_DOMAIN)
    reason = reason()


class AddressToEnd(Input):
    """An address that reaches the mailbox now, beside its main address."""

    address = Email(label="Address")
    reason = reason()


class UntilBecause(Input):
    """until: the last day, at most a year away."""

    until = Day(label="Until which day?", help="At most a year.")
    reason = reason()


class GrantToAsk(Input):
    """person: number or address; role: delegate or successor; four reasons, each in at least twenty characters (P-04)."""

    person = PersonName(label="Who?")
    role = Choice(label="As what?", choices=_ROLES, radio=True, missing="Choose one of the two.", default="delegate")
    duties = FourReasons.duties
    performance = FourReasons.performance
    efficiency = FourReasons.efficiency
    service = FourReasons.service
    until = AccessToAsk.until


class MakeMailbox(InOwnDepartment[MailboxToMake, "Mailbox"]):
    """Make a shared mailbox for named users, or one for a machine."""

    name, permission, input = "make_mailbox", "mailbox.make", MailboxToMake
    page = Page("access/mailboxes/new/", "mailbox-new")
    operation = Operation("/mailboxes", _SCOPE, status=201)
    everywhere, of_department = "mailboxes", "dept-mailboxes"

    def perform(self, row: OwningDepartments, given: MailboxToMake, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import mailboxes
        from civicmail.city.pages.forms import end_of_day

        return mailboxes.make(
            given.kind, given.address, given.name, row.named(given.department), given.purpose,
            end_of_day(given.expires) if given.expires else None, actor=actor, reason=given.reason, now=now,
        )  # fmt: skip

    def message(self, row: OwningDepartments, done: Mailbox) -> str:
        return f"{done.address} was made. What comes is held until somebody may use it."

    def after(self, done: Mailbox) -> str:
        return _url(done)

    def form_page(self, row: OwningDepartments) -> FormPage:
        return FormPage(
            title="New mailbox", section="Mailboxes", submit="Make 1 mailbox", back=row.back,
            crumbs=[("Mailboxes", row.back)],
            note="A mailbox of a role is used by named people, each with an access of their own. Nobody signs in as it.",
        )  # fmt: skip


class _OnMailbox[Given: Input, Done](Act["Mailbox", Given, Done]):
    def load(self, address: str, *, actor: Actor, now: int) -> Mailbox:
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import Mailbox

        return get_object_or_404(Mailbox.objects.select_related("department", "holder"), address=address.strip().lower())

    def resource(self, row: Mailbox, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.actors import about_mailbox

        return about_mailbox(row)


class CloseMailbox(_OnMailbox[Because, "Mailbox"]):
    """Close a mailbox; its mail stays."""

    name, permission, input = "close_mailbox", "mailbox.close", Because
    page = Page(f"{_ROUTE}/close/", "mailbox-close")
    operation = Operation(f"{_PATH}/close", _SCOPE)

    def perform(self, row: Mailbox, given: Because, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import mailboxes

        mailboxes.close(row, actor=actor, reason=given.reason, now=now)
        return row

    def message(self, row: Mailbox, done: Mailbox) -> str:
        return f"{row.address} was closed."

    def form_page(self, row: Mailbox) -> FormPage:
        effects = [f"Mail to {row.address} and its other addresses is refused from now on."]
        if row.kind == type(row).Type.SERVICE:
            effects.append(f"Passwords of machines that end: {row.devices.filter(ended__isnull=True).count()}.")
        return owned_page(
            "mailbox", row, f"Close {row.address}?", "Close 1 mailbox", effects=effects, stop=True,
            stays=["Mail is kept. The addresses are never given to a person.", "It cannot be opened again."],
        )  # fmt: skip


class RenewMailbox(_OnMailbox[UntilBecause, "Mailbox"]):
    """Extend a machine's mailbox by at most a year."""

    name, permission, input = "renew_mailbox", "machine.make", UntilBecause
    page = Page(f"{_ROUTE}/renew/", "mailbox-renew")
    operation = Operation(f"{_PATH}/renew", _SCOPE)
    success_message = "It has more time."

    def perform(self, row: Mailbox, given: UntilBecause, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import mailboxes
        from civicmail.city.pages.forms import end_of_day

        mailboxes.renew_service(row, end_of_day(given.until), actor=actor, reason=given.reason, now=now)
        return row

    def form_page(self, row: Mailbox) -> FormPage:
        effects = ["The machines of this mailbox may send until then, as far as their own passwords last."]
        return owned_page("mailbox", row, f"Renew {row.address}", "Renew 1 mailbox", effects=effects)


class InviteFiles(_OnMailbox[UntilBecause, "Mailbox"]):
    """Accept files from strangers without confirmation until a day, for bids and permits."""

    name, permission, input = "invite_files", "mailbox.invite", UntilBecause
    page = Page(f"{_ROUTE}/files/", "mailbox-files")
    operation = Operation(f"{_PATH}/files", _SCOPE)
    success_message = "Files to it do not wait until then."

    def perform(self, row: Mailbox, given: UntilBecause, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import mailboxes
        from civicmail.city.pages.forms import end_of_day

        mailboxes.invite_files(row, end_of_day(given.until), actor=actor, reason=given.reason, now=now)
        return row

    def form_page(self, row: Mailbox) -> FormPage:
        effects = [
            f"Files in mail to {row.address} do not wait until somebody says that they asked for them.",
            "Each opens first as text, made in a closed process; the file itself is one step further.",
        ]
        stays = [
            "Everything else that is looked for in mail is looked for here, too.",
            "It ends by itself on the day that you say; another day may be said at any time.",
        ]
        title = f"Invite files to {row.address}?"
        return owned_page("mailbox", row, title, "Invite files to 1 mailbox", effects=effects, stays=stays)


class AddAddress(_OnMailbox[NewAddress, "Mailbox"]):
    """Add an address that never belonged to another person."""

    name, permission, input = "add_address", "address.change", NewAddress
    page = Page(f"{_ROUTE}/addresses/new/", "alias-add")
    operation = Operation(f"{_PATH}/addresses", _SCOPE)
    success_message = "The address was added."

    def perform(self, row: Mailbox, given: NewAddress, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import mailboxes

        mailboxes.add_alias(row, given.address, actor=actor, reason=given.reason, now=now)
        return row

    def form_page(self, row: Mailbox) -> FormPage:
        note = "An address stays this mailbox's for ever: it is never given to another person, also after it has ended."
        return owned_page("mailbox", row, f"Add an alias of {row.address}", "Add 1 address", note=note)


class EndAddress(_OnMailbox[AddressToEnd, "Mailbox"]):
    """End an address; it is never reused."""

    name, permission, input = "end_address", "address.change", AddressToEnd
    page = Page(f"{_ROUTE}/addresses/end/", "alias-end")
    operation = Operation(f"{_PATH}/addresses/end", _SCOPE)
    from_link = ("address",)
    success_message = "The address reaches nobody any more."

    def perform(self, row: Mailbox, given: AddressToEnd, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import mailboxes

        mailboxes.end_alias(row, given.address, actor=actor, reason=given.reason, now=now)
        return row

    def form_page(self, row: Mailbox) -> FormPage:
        return owned_page(
            "mailbox", row, f"End an address of {row.address}?", "End 1 address", stop=True,
            effects=["Mail to this address is refused from now on.", f"{row.address} and its other addresses stay."],
            stays=["Nobody else ever gets this address."],
        )  # fmt: skip


class AskGrant(ShownAuthorization["Mailbox", GrantToAsk], _OnMailbox[GrantToAsk, "Authorization"]):
    """Request access to another mailbox for a named person, under their own sign-in."""

    name, permission, input = "ask_grant", "grant.ask", GrantToAsk
    page = Page(f"{_ROUTE}/users/new/", "grant-ask")
    operation = Operation(f"{_PATH}/users", "write:access", status=201)
    command = Command(
        "access grant", row={"address": Parameter("ADDRESS", "Of the mailbox.")}, positions=("person",), personal=True, tables=True,
        json=True,
    )  # fmt: skip
    from_link = ("person",)

    def find(self, address: str, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.directory.models import Mailbox
        from civicmail.city.guard.errors import Unusable

        row = Mailbox.objects.select_related("department", "holder").filter(address=address.strip().lower()).first()
        if row is None:
            raise Unusable(f"There is no mailbox {address}.")
        return row

    def resource(self, row: Mailbox, actor: Actor) -> Resource:
        """The resource for requesting access for anyone; the verb checks the person named."""
        somebody = min(actor.supervises, default="")
        return GrantOn(row.department.code, somebody, holder=row.holder.uid if row.holder else "")

    def choices(self, row: Mailbox, actor: Actor) -> Mapping[str, Choices]:
        return {} if row.holder else {"role": _ROLES[:1]}

    def initial(self, row: Mailbox) -> Mapping[str, Any]:
        from datetime import timedelta

        from django.utils import timezone

        return {"until": timezone.localdate() + timedelta(days=364), "role": "" if row.holder else "delegate"}

    def perform(self, row: Mailbox, given: GrantToAsk, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.guard.reasons import Reasons
        from civicmail.city.identity.actions import access_requests
        from civicmail.city.pages.forms import end_of_day

        reasons = Reasons(given.duties, given.performance, given.efficiency, given.service)
        return access_requests.ask_grant(
            given.person, row, given.role, reasons=reasons, until=end_of_day(given.until), actor=actor, now=now
        )

    def message(self, row: Mailbox, done: Authorization) -> str:
        return f"The request for {done.person} was sent to {done.department}."

    def after(self, done: Authorization) -> str:
        """To the request, which the holder of the mailbox does not see."""
        from django.urls import reverse

        return "" if done.requester == done.mailbox.holder else reverse("request", args=[done.pk])

    def form_page(self, row: Mailbox) -> FormPage:
        return owned_page(
            "mailbox", row, f"Request a user for {row.address}", "Send for approval",
            note="The person keeps their own sign-in, and every message says who sent it. "
            "The right ends with the person's own access.",
        )  # fmt: skip


def _url(row: Mailbox) -> str:
    from django.urls import reverse

    return reverse("mailbox", args=[row.address])


MAKE_MAILBOX, ASK_GRANT = MakeMailbox(), AskGrant()
CLOSE_MAILBOX, RENEW_MAILBOX, INVITE_FILES = CloseMailbox(), RenewMailbox(), InviteFiles()
ADD_ADDRESS, END_ADDRESS = AddAddress(), EndAddress()
ON_MAILBOXES: tuple[Act[Any, Any, Mailbox], ...] = (CLOSE_MAILBOX, RENEW_MAILBOX, INVITE_FILES, ADD_ADDRESS, END_ADDRESS)
