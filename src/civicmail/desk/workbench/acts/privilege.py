"""Acts on privileged mail: list an address, take it off, ask for messages of an examination, answer that (P-16; E7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Choice, Input, Lines, Seen, Text, reason
from civicmail.desk.workbench.acts.examinations import in_force
from civicmail.desk.workbench.privilege import KINDS, STATES, names

if TYPE_CHECKING:
    from civicmail.city.guard.models import Mandate
    from civicmail.desk.workbench.models import Clearance, PrivilegedAddress

SECTION = "Oversight"


class AddressToList(Input):
    """address: like ann@firm.example, or @firm.example for everybody there; note: who it is."""

    address = Text(label="Address", help="Like ann@firm.example, or @firm.example for everybody there.", max_length=254, rows=1)
    kind = Choice(label="What is privileged?", radio=True, missing="Choose one.", choices=list(KINDS.items()))
    note = Text(label="Who is it?", help="A firm, a clinic, a local of a union.", max_length=200, required=False, rows=1)
    reason = reason(help="At least 10 characters. It is kept for ever.", min_length=10)


class AddressReason(Input):
    """A reason alone."""

    reason = AddressToList.reason


class ListAddress(Act[None, AddressToList, "PrivilegedAddress"]):
    """Put an address on the list of privileged correspondents."""

    name, permission, input = "list_privileged_address", "privilege.change", AddressToList
    page = Page("privileged/new/", "privileged-new")
    operation = Operation("/privileged-addresses", "write:mandates", status=201)

    def perform(self, given: AddressToList, *, actor: Actor, now: int) -> PrivilegedAddress:
        from civicmail.desk.workbench.actions import privilege

        return privilege.add_address(given.address, given.kind, given.note, actor=actor, reason=given.reason, now=now)

    def message(self, row: None, done: PrivilegedAddress) -> str:
        return f"{done.address} is listed."

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("privileged")
        return FormPage(
            title="List a privileged address", section=SECTION, submit="List 1 address", back=back,
            crumbs=[("Privileged mail", back)],
            effects=["In examinations only the date of mail with this address is shown, earlier mail too, until it is cleared."],
            stays=["Delivery, the archive and requests for records."],
        )  # fmt: skip


class EndAddress(Act["PrivilegedAddress", AddressReason, "PrivilegedAddress"]):
    """Take an address off the list of privileged correspondents."""

    name, permission, input = "end_privileged_address", "privilege.change", AddressReason
    model = "workbench.PrivilegedAddress"
    page = Page("privileged/<int:pk>/end/", "privileged-end")
    operation = Operation("/privileged-addresses/{int:id}/end", "write:mandates")

    def perform(self, row: PrivilegedAddress, given: AddressReason, *, actor: Actor, now: int) -> PrivilegedAddress:
        from civicmail.desk.workbench.actions import privilege

        return privilege.end_address(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: PrivilegedAddress, done: PrivilegedAddress) -> str:
        return f"{row.address} is taken off the list."

    def form_page(self, row: PrivilegedAddress) -> FormPage:
        from django.urls import reverse

        back = reverse("privileged")
        return FormPage(
            title=f"Take {row.address} off the list?", section=SECTION, submit="Take 1 address off", back=back, stop=True,
            crumbs=[("Privileged mail", back)],
            effects=["Examiners can read mail with this address in their examinations, without asking the city attorney."],
            stays=["Answers that were given stay as they are."],
        )  # fmt: skip


class MessagesToClear(Input):
    """messages: ids of privileged messages within the scope, at most 50; reason: for the city attorney."""

    messages = Lines(label="Which messages?", missing="Choose a message.", max_length=36, max_count=50)
    reason = reason("Why do you need them?", "At least 20 characters. The city attorney reads it.")


class AskClearance(OwnAct["Mandate", MessagesToClear, "list[Clearance]"]):
    """Ask the city attorney to clear privileged messages for one's examination."""

    name, permission, input = "ask_clearance", "clearance.ask", MessagesToClear
    operation = Operation("/mandates/{str:number}/privileged", "write:mandates", page="mandate-privileged", status=201)

    def load(self, number: str, *, actor: Actor, now: int) -> Mandate:
        return in_force(number, actor, now)

    def perform(self, row: Mandate, given: MessagesToClear, *, actor: Actor, now: int) -> list[Clearance]:
        from civicmail.city.identity.queries.mandates import to_mandate
        from civicmail.desk.workbench import withheld
        from civicmail.desk.workbench.actions import privilege

        mandate = to_mandate(row)
        return privilege.ask(mandate, withheld.kinds_of(mandate, given.messages, now), actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: list[Clearance]) -> str:
        return f"The city attorney is asked about {len(done)} message{'' if len(done) == 1 else 's'}."


class ClearanceDecision(Input):
    """decision: yes or no; reason: the examiner reads it."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Clear it: the examiner may read it"), ("no", "Keep it privileged")],
    )  # fmt: skip
    reason = reason(help="At least 10 characters. The examiner reads it, and it is kept for ever.", min_length=10)
    state = Seen(default="asked")


class DecideClearance(Act["Clearance", ClearanceDecision, "Clearance"]):
    """Clear a privileged message for an examination, or refuse it, as the city attorney."""

    name, permission, input = "decide_clearance", "clearance.decide", ClearanceDecision
    view_permission = "privilege.see"
    model, related = "workbench.Clearance", ("mandate", "person")
    operation = Operation("/privileged-messages/{int:id}/decide", "write:mandates", page="clearance")

    def resource(self, row: Clearance, actor: Actor) -> Resource:
        from civicmail.desk.workbench.actions import privilege

        return privilege.about(row)

    def perform(self, row: Clearance, given: ClearanceDecision, *, actor: Actor, now: int) -> Clearance:
        from civicmail.desk.workbench.actions import privilege

        return privilege.decide(row, given.decision == "yes", actor=actor, reason=given.reason, now=now)

    def message(self, row: Clearance, done: Clearance) -> str:
        return f"The message was {'cleared' if done.state == 'cleared' else 'kept privileged'}. {row.person} is told."

    def form_page(self, row: Clearance) -> FormPage:
        from django.urls import reverse

        number, back = row.mandate.number, reverse("clearances")
        return FormPage(
            title="Clear this privileged message?", section=SECTION, submit="Record decision", back=back,
            crumbs=[("Privileged messages", back)], state=STATES[row.state], template="workbench/clearance.html",
            facts=[("Examination", number), ("Asked by", str(row.person)), ("Kind", names(row.kinds))], context={"row": row},
        )  # fmt: skip


LIST_ADDRESS, END_ADDRESS, ASK_CLEARANCE, DECIDE_CLEARANCE = ListAddress(), EndAddress(), AskClearance(), DecideClearance()
ACTS = (LIST_ADDRESS, END_ADDRESS)
