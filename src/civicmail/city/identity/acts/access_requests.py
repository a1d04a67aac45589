"""Acts on requests for mail access: request, decide, withdraw (P-04; M3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.resources import Resource
from civicmail.city.identity.acts.access_reasons import FourReasons
from civicmail.city.identity.authorization_states import WORDS
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Day, Email, Input, Seen, Text

if TYPE_CHECKING:
    from civicmail.city.directory.models import Person
    from civicmail.city.identity.models import Authorization

BY_NUMBER = {"number": Parameter("NUMBER", "As `access requests` lists them.")}
_ANSWERS = {"yes": "approve", "no": "refuse"}


class AccessToAsk(FourReasons):
    """The four reasons of P-04, each in at least twenty characters; until: the last day, at most a year away; address: empty for
    the one that is made from the name."""

    until = Day(label="Until which day?", help="At most a year; for contractors at most to the end of the contract.")
    address = Email(label="Address", help="Empty: the one the person has or had, else made from the name.", required=False)


class Decision(Input):
    """decision: approve or refuse; reason: needed for a refusal; state: as it was seen."""

    decision = Choice(
        label="Your decision", choices=[("approve", "Approve"), ("refuse", "Deny")], radio=True, missing="Choose one of the two."
    )
    reason = Text(label="Reason", help="Needed to deny; the requester reads it.", required=False)
    state = Seen(default="asked", max_length=10)


class ShownAuthorization[Row, Given: Input](Act[Row, Given, "Authorization"]):
    """An act that an operator follows by the number and the state of an authorization."""

    def line(self, row: Row, done: Authorization) -> str:
        from civicmail.city.pages.days import last_day

        what = f"{done.mailbox}, {done.role}, {WORDS[done.state][1].lower()} until {last_day(done.until).isoformat()}"
        return f"{done.pk:6} {done.person} ({done.person.uid}): {what}"

    def as_json(self, done: Authorization) -> Mapping[str, Any]:
        return {
            "number": done.pk, "person": done.person.uid, "mailbox": done.mailbox.address, "role": done.role, "state": done.state,
            "until": done.until.isoformat(), "requester": done.requester.uid,
        }  # fmt: skip


class AskAccess(ShownAuthorization["Person", AccessToAsk]):
    """Request a mailbox for a person. The department decides, and nobody about their own."""

    name, permission, input, next_page = "ask_access", "request.ask", AccessToAsk, "request"
    model, key = "directory.Person", "uid"
    operation = Operation("/people/{str:uid}/requests", "write:access", page="request-new", status=201)
    command = Command(
        "access ask", row={"person": Parameter("PERSON", "The number in the directory, or the sign-in name.")}, personal=True,
        tables=True, json=True,
    )  # fmt: skip

    def find(self, person: str, *, actor: Actor, now: int) -> Person:
        from civicmail.city.identity.queries.signin import person_named

        return person_named(person)

    def resource(self, row: Person, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.actors import about_person

        return about_person(row)

    def perform(self, row: Person, given: AccessToAsk, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.actions import access_requests
        from civicmail.city.pages.forms import end_of_day

        until = end_of_day(given.until)
        return access_requests.ask(row, reasons=given.reasons, until=until, address=given.address, actor=actor, now=now)

    def message(self, row: Person, done: Authorization) -> str:
        return f"The request for {row} was sent to {done.department}."


class OnAuthorization[Given: Input](ShownAuthorization["Authorization", Given]):
    """An act on an authorization or a request; its requester does not decide about it."""

    model = "access.Authorization"
    related = ("mailbox__holder", "person", "department", "requester", "approver", "episode__contract", "episode__department")

    def resource(self, row: Authorization, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.bars import about_authorization

        return about_authorization(row)


class OnNumbered[Given: Input](OnAuthorization[Given]):
    """The same, which operators name by its number."""

    def find(self, number: str, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.models import Authorization

        rows = Authorization.objects.select_related(*self.related)
        return require_row(
            rows.filter(pk=int(number)).first() if number.isascii() and number.isdigit() else None, f"There is no right {number}."
        )


class OnRequest[Given: Input](OnNumbered[Given]):
    """The same, hidden from people who may not see the request."""

    def is_hidden(self, row: Authorization, actor: Actor, now: int) -> bool:
        from civicmail.city.guard.queries import four_eyes
        from civicmail.city.identity.queries.bars import about_authorization

        return not four_eyes.may(actor, "request.see", about_authorization(row), now=now)


class DecideRequest(OnRequest[Decision]):
    """Approve or deny a request made by another person, for another person."""

    name, permission, input = "decide_request", "request.decide", Decision
    operation = Operation("/rights/{int:id}/decide", "write:access", page="request")
    command = Command("access decide", row=BY_NUMBER, positions=("decision",), personal=True, tables=True, json=True)

    def permission_of(self, row: Authorization, actor: Actor) -> str:
        from civicmail.city.identity.queries import bars

        return bars.decision_for(row)[0]

    def resource(self, row: Authorization, actor: Actor) -> Resource:
        from civicmail.city.identity.queries import bars

        return bars.decision_for(row)[1]

    def from_command(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**given, "decision": _ANSWERS.get(given["decision"], given["decision"])}

    def perform(self, row: Authorization, given: Decision, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.actions import access_requests

        return access_requests.decide(row, given.decision, actor=actor, reason=given.reason, now=now)

    def message(self, row: Authorization, done: Authorization) -> str:
        return f"Access for {row.person} was {'denied' if done.state == 'refused' else 'approved'}."

    def after(self, done: Authorization) -> str:
        from django.urls import reverse

        return reverse("requests", args=[done.department.code])


class WithdrawRequest(OnRequest[Because]):
    """Withdraw a request before it is in force."""

    name, permission, input = "withdraw_request", "request.withdraw", Because
    page = Page("access/requests/<int:pk>/withdraw/", "request-withdraw")
    operation = Operation("/rights/{int:id}/withdraw", "write:access")
    command = Command("access withdraw", row=BY_NUMBER, personal=True, tables=True, json=True)

    def perform(self, row: Authorization, given: Because, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.actions import access_requests

        return access_requests.withdraw(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: Authorization, done: Authorization) -> str:
        return f"The request for {row.person} was withdrawn."

    def form_page(self, row: Authorization) -> FormPage:
        from django.urls import reverse

        back = reverse("request", args=[row.pk])
        return FormPage(
            title=f"Withdraw the request for {row.person}?", section="Request", submit="Withdraw 1 request", back=back,
            crumbs=[("The request", back)],
            effects=[f"{row.person} gets no access to {row.mailbox.address} by this request.", "It can be asked for again."],
        )  # fmt: skip


ASK_ACCESS, DECIDE_REQUEST, WITHDRAW_REQUEST = AskAccess(), DecideRequest(), WithdrawRequest()
