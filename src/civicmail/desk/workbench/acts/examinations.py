"""Acts on examinations and their changes: decide, ratify, withdraw, stop, seal, close (P-16; E3, E4, E5, E8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import OfPerson, Resource
from civicmail.city.identity.examination_labels import CHANGES, EXAMINATIONS, RATIFICATIONS
from civicmail.city.pages.act import Act, Command, FormPage, Operation, OwnAct, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Input, Seen, Text, reason

if TYPE_CHECKING:
    from civicmail.city.guard.models import Amendment, Mandate

_ROUTE, _PATH, _SCOPE = "mandates/<slug:number>/", "/mandates/{str:number}", "write:mandates"
_NUMBER = {"number": Parameter("NUMBER", "The number of a mandate, like 26-014.")}
_LOOKED_AT = "What was looked at so far stays in the ledger."


def visible(number: str, actor: Actor, now: int) -> Mandate:
    """An examination that this person may know of. Raises NotPermitted, Http404."""

    from civicmail.city.identity.queries import mandates
    from civicmail.city.pages.city_request import or_404

    guard.require_could(actor, "mandate.see", now=now)
    return or_404(mandates.find_visible(actor, number, now))


def own(number: str, actor: Actor, now: int) -> Mandate:
    """An examination that this person requested; 404 for another person's. Raises NotPermitted, Http404."""
    from django.shortcuts import get_object_or_404

    from civicmail.city.identity.queries import mandates

    guard.require_could(actor, "mandate.ask", now=now)
    guard.require_could(actor, "mandate.see", now=now)
    return get_object_or_404(mandates.requested_by(actor), number=number)


def in_force(number: str, actor: Actor, now: int) -> Mandate:
    """The person's own examination, in force at this moment. Raises NotPermitted with the reason, Http404."""
    from civicmail.city.identity.queries import mandates

    row = own(number, actor, now)
    mandates.live(actor, number, now)
    return row


def form_page(row: Mandate, title: str, submit: str, **more: Any) -> FormPage:
    """The page around a form about an examination. more: of FormPage."""
    from django.urls import reverse

    from civicmail.desk.workbench.views import examination

    page = examination.page(row, title)
    head = {"section": page.section, "crumbs": page.crumbs, "state": page.state, "facts": page.facts}
    return FormPage(title=title, submit=submit, **{"back": reverse("mandate", args=[row.number]), **head, **more})


# -- what a second person decides


class Decision(Input):
    """decision: yes or no; reason: needed for a no; state: as it was seen."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Allow this look"), ("no", "Do not allow it")],
    )  # fmt: skip
    reason = Text(label="Reason", help="Needed for a no, in at least 10 characters; who asked reads it.", required=False)
    state = Seen(default="asked")


class ChangeDecision(Input):
    """As of an examination."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Allow the change"), ("no", "Leave it as it is")],
    )  # fmt: skip
    reason = Decision.reason
    state = Decision.state


class RatifyDecision(Input):
    """decision: yes or no; reason: in at least ten characters; state: as it was seen, may be left out."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "It was right to look"), ("no", "It was not: end it, and tell oversight")],
    )  # fmt: skip
    reason = Text(label="Reason", help="At least 10 characters; it is kept for ever.", min_length=10, required=False)
    state = Seen(required=False)


class _OfApprover[Given: Input](Act["Mandate", Given, "Mandate"]):
    """An act of a second person: a person without the role is told that, and not whether the number exists."""

    permission = "mandate.approve"

    def load(self, number: str, *, actor: Actor, now: int) -> Mandate:
        guard.require_could(actor, self.permission, now=now)
        return visible(number, actor, now)

    def find(self, number: str, *, actor: Actor, now: int) -> Mandate:
        return _found(self, number, actor, now)

    def resource(self, row: Mandate, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.mandates import about_mandate

        return about_mandate(row)


class DecideMandate(_OfApprover[Decision]):
    """Approve or deny an examination, as a second person."""

    name, input = "decide_mandate", Decision
    operation = Operation(f"{_PATH}/decide", _SCOPE, page="mandate-approve")

    def perform(self, row: Mandate, given: Decision, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.decide(row, given.decision == "yes", actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"Mandate {done.number} was {EXAMINATIONS[done.state][1].lower()}."


class ApprovalReason(Input):
    """reason: in words, may be left out."""

    reason = Text(label="Why", help="It stays in the record.", required=False)


class ApproveMandate(_OfApprover[ApprovalReason]):
    """Say yes: its window begins."""

    name, input = "approve_mandate", ApprovalReason
    command = Command("mandate approve", row=_NUMBER, personal=True)

    def perform(self, row: Mandate, given: ApprovalReason, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.approve(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"{done.number} is in force until {done.until:%Y-%m-%d %H:%M} UTC."


class EndReason(Because):
    """reason: in at least ten characters."""

    reason = reason(help="At least 10 characters. It is kept for ever.", min_length=10)


class RefuseMandate(_OfApprover[EndReason]):
    """Say no, with the reason that the asker reads."""

    name, input = "refuse_mandate", EndReason
    command = Command("mandate refuse", row=_NUMBER, personal=True)

    def perform(self, row: Mandate, given: EndReason, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.refuse(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"{done.number} is refused."


class RatifyMandate(_OfApprover[RatifyDecision]):
    """Decide, as a second person, whether an urgent examination was right. Needs a reason."""

    name, permission, input = "ratify_mandate", "mandate.ratify", RatifyDecision
    operation = Operation(f"{_PATH}/ratify", _SCOPE, page="mandate-ratify")

    def required(self, row: Mandate) -> Collection[str]:
        """Require the reason with the form's message for programs, after the check of permission."""
        return ("reason",)

    def perform(self, row: Mandate, given: RatifyDecision, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import urgent_mandates

        return urgent_mandates.decide(row, given.decision == "yes", actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"Mandate {done.number} was {RATIFICATIONS[done.ratified][1].lower()}."


class DecideChange(Act["Amendment", ChangeDecision, "Amendment"]):
    """Decide, as a second person, whether an examination may go further."""

    name, permission, input = "decide_change", "mandate.approve", ChangeDecision
    operation = Operation(f"{_PATH}/changes/{{int:id}}/decide", _SCOPE, page="mandate-change")

    def load(self, number: str, pk: int, *, actor: Actor, now: int) -> Amendment:
        from django.shortcuts import get_object_or_404

        from civicmail.city.guard.models import Amendment

        mandate = DECIDE_MANDATE.load(number, actor=actor, now=now)
        return get_object_or_404(Amendment.objects.select_related("mandate__person"), pk=pk, mandate=mandate)

    def resource(self, row: Amendment, actor: Actor) -> Resource:
        return DECIDE_MANDATE.resource(row.mandate, actor)

    def perform(self, row: Amendment, given: ChangeDecision, *, actor: Actor, now: int) -> Amendment:
        from civicmail.city.identity.actions import mandate_amendments

        return mandate_amendments.decide(row, given.decision == "yes", actor=actor, reason=given.reason, now=now)

    def message(self, row: Amendment, done: Amendment) -> str:
        return f"The change of mandate {done.mandate.number} was {CHANGES[done.state][1].lower()}."


# -- its end, and its seal


class EndInput(EndReason):
    """reason: in at least ten characters; state: as it was seen."""

    state = Seen()


class CloseInput(Input):
    """finding: what was found, in at least ten characters; state: as it was seen."""

    finding = Text(
        label="What was found?", help="At least 10 characters. It is kept with the mandate.", min_length=10, max_length=4000, rows=6
    )
    state = Seen()


class _OfExaminer[Given: Input](OwnAct["Mandate", Given, "Mandate"]):
    permission = "mandate.ask"

    def load(self, number: str, *, actor: Actor, now: int) -> Mandate:
        return own(number, actor, now)

    def find(self, number: str, *, actor: Actor, now: int) -> Mandate:
        return _found(self, number, actor, now)


class WithdrawMandate(_OfExaminer[EndInput]):
    """Withdraw a pending request."""

    name, input = "withdraw_mandate", EndInput
    page = Page(f"{_ROUTE}withdraw/", "mandate-withdraw")
    operation = Operation(f"{_PATH}/withdraw", _SCOPE)

    def perform(self, row: Mandate, given: EndInput, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.withdraw(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"Mandate {done.number} was withdrawn."

    def after(self, done: Mandate) -> str:
        return _list()

    def form_page(self, row: Mandate) -> FormPage:
        return form_page(
            row, f"Withdraw mandate {row.number}?", "Withdraw 1 mandate", stop=True, stays=[_LOOKED_AT],
            effects=["Nobody looks at anything under it.", "It can be asked for again, under another number."],
        )  # fmt: skip


class StopMandate(_OfApprover[EndInput]):
    """End a running examination, as a second person."""

    name, input = "stop_mandate", EndInput
    page = Page(f"{_ROUTE}stop/", "mandate-stop")
    operation = Operation(f"{_PATH}/stop", _SCOPE)

    def perform(self, row: Mandate, given: EndInput, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.stop(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"Mandate {done.number} was stopped."

    def after(self, done: Mandate) -> str:
        return _list()

    def form_page(self, row: Mandate) -> FormPage:
        return form_page(
            row, f"Stop mandate {row.number}?", "Stop 1 mandate", stop=True, stays=[_LOOKED_AT],
            effects=[
                f"{row.person} sees nothing more under it, from the next click on.",
                "Its exports are removed, and no more are made.",
            ],
        )  # fmt: skip


class CloseMandate(_OfExaminer[CloseInput]):
    """Close one's examination with its finding."""

    name, input = "close_mandate", CloseInput
    page = Page(f"{_ROUTE}close/", "mandate-close")
    operation = Operation(f"{_PATH}/close", _SCOPE)
    command = Command("mandate close", row=_NUMBER, personal=True)

    def perform(self, row: Mandate, given: CloseInput, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.close(row, given.finding, actor=actor, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"Mandate {done.number} was closed."

    def form_page(self, row: Mandate) -> FormPage:
        return form_page(
            row, f"Close mandate {row.number}?", "Close 1 mandate", stop=True,
            effects=["Nothing more can be looked at under it.", "Its exports are removed; fetch what you need before."],
            stays=["Holds stay in force until they are lifted.", "What was looked at stays in the ledger."],
        )  # fmt: skip


class _Seal(Act["Mandate", EndInput, "Mandate"]):
    """Whoever looks seals; a second person unseals. One page does what can be done."""

    input = EndInput
    is_sealed: bool

    def perform(self, row: Mandate, given: EndInput, *, actor: Actor, now: int) -> Mandate:
        from civicmail.city.identity.actions import mandates

        return mandates.seal(row, self.is_sealed, actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: Mandate) -> str:
        return f"Mandate {done.number} was {'sealed' if done.sealed else 'unsealed'}."

    def after(self, done: Mandate) -> str:
        return _list()


class SealMandate(_Seal):
    """Seal an examination, so that the people concerned do not learn of it."""

    name, permission, is_sealed = "seal_mandate", "mandate.ask", True
    operation = Operation(f"{_PATH}/seal", _SCOPE, page="mandate-seal")

    def load(self, number: str, *, actor: Actor, now: int) -> Mandate:
        return visible(number, actor, now)

    def resource(self, row: Mandate, actor: Actor) -> Resource:
        return OfPerson(row.person.uid)

    def form_page(self, row: Mandate) -> FormPage:
        return form_page(
            row, f"Seal mandate {row.number}?", "Seal 1 mandate", stays=[_LOOKED_AT],
            effects=[
                "Nobody whose mail it is learns of it, also when it is over.",
                "Auditors see only that there is one, and its entries.",
            ],
        )  # fmt: skip


class UnsealMandate(_Seal, _OfApprover[EndInput]):
    """Unseal it, as a second person."""

    name, is_sealed = "unseal_mandate", False
    operation = Operation(f"{_PATH}/unseal", _SCOPE, page="mandate-seal")

    def form_page(self, row: Mandate) -> FormPage:
        effects = ["When it is over, those whose mail was looked at see that, as the city has set."]
        return form_page(row, f"Unseal mandate {row.number}?", "Unseal 1 mandate", stays=[_LOOKED_AT], effects=effects)


def _list() -> str:
    from django.urls import reverse

    return reverse("mandates")


def _found(act: Act[Mandate, Any, Any], number: str, actor: Actor, now: int) -> Mandate:
    """The one that a command names. Raises Unusable for any other, whether there is one or not."""
    from django.http import Http404

    from civicmail.city.guard.errors import Unusable

    try:
        return act.load(number, actor=actor, now=now)
    except Http404:
        raise Unusable(f"You see no mandate {number}.") from None


DECIDE_MANDATE, APPROVE_MANDATE, REFUSE_MANDATE = DecideMandate(), ApproveMandate(), RefuseMandate()
RATIFY_MANDATE, DECIDE_CHANGE = RatifyMandate(), DecideChange()
WITHDRAW_MANDATE, STOP_MANDATE, CLOSE_MANDATE = WithdrawMandate(), StopMandate(), CloseMandate()
SEAL_MANDATE, UNSEAL_MANDATE = SealMandate(), UnsealMandate()
ACTS: tuple[Act[Any, Any, Any], ...] = (WITHDRAW_MANDATE, STOP_MANDATE, CLOSE_MANDATE)
