"""Acts on a request as a whole: its people, clock, end, suit, contact data, and the steps for records about the requester."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Choices, Email, Input, Nothing, PersonName, Text, reason
from civicmail.desk.records.acts.intake import DELIVERY
from civicmail.desk.records.states import OUTCOMES

if TYPE_CHECKING:
    from civicmail.desk.records.models import Assignment, Pause, Request, SelfRequestStep


class _OnRequest[Given: Input, Done](Act["Request", Given, Done]):
    """An act on a request, found by its number. title: of its form; submit: its button; effect: what changes; stop: whether the
    button is red; home: the page to which it leads back."""

    permission = "records.work"
    model, key = "records.Request", "number"
    title = ""
    submit = ""
    effect = ""
    stop = False
    home = "records-clock"

    def find(self, number: str, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.models import Request

        return require_row(Request.objects.filter(number=number.strip().upper()).first(), f"There is no request {number}.")

    def form_page(self, row: Request) -> FormPage:
        from django.urls import reverse

        back = reverse(self.home, args=[row.number])
        crumbs = [("Records requests", reverse("records-requests")), (row.number, reverse("records-request", args=[row.number]))]
        return FormPage(
            title=self.title.format(number=row.number), section="Records", crumbs=crumbs, back=back, submit=self.submit,
            stop=self.stop, effects=[self.effect] if self.effect else [],
        )  # fmt: skip


def _command(verb: str, *positions: str) -> Command:
    number = {"number": Parameter("NUMBER", "The number of a request, like PR-2026-00041.")}
    return Command(f"records {verb}", row=number, positions=positions, personal=True)


def _page(last: str) -> Page:
    return Page(f"records/requests/<slug:number>/{last}/", f"records-{last}")


def _operation(last: str) -> Operation:
    return Operation(f"/records/requests/{{str:number}}/{last}", "write:records")


class Title(Input):
    """title: the desk's name for the request."""

    title = Text(label="Title", help="The desk's name for it. No page without an account shows it.", max_length=200, rows=1)


class DescribeRequest(_OnRequest[Title, "Request"]):
    """Give a request the desk's name for it."""

    name, input = "describe_record_request", Title
    page, operation = _page("title"), _operation("title")
    title, submit, success_message, home = "Title of {number}", "Save title", "The title is saved.", "records-request"

    def initial(self, row: Request) -> Mapping[str, Any]:
        return {"title": row.title}

    def perform(self, row: Request, given: Title, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.describe(row, given.title, actor=actor, now=now)


class Part(Input):
    """person: number or address; role: reviewer, second or attorney."""

    person = PersonName(label="Who?")
    role = Choice(
        label="What do they do?",
        radio=True,
        choices=[
            ("reviewer", "Review: read, decide, redact"),
            ("second", "Second person: confirm and approve"),
            ("attorney", "City attorney: privilege, denials, notices"),
        ],
    )


class AssignRequest(_OnRequest[Part, "Assignment"]):
    """Assign somebody to a request, who may then read within its agreed scope."""

    name, input = "assign_record_request", Part
    page, operation, command = _page("assign"), _operation("assign"), _command("assign", "person", "role")
    title, submit, success_message = "Assign {number}", "Assign", "They may read what an agreed scope covers."

    def perform(self, row: Request, given: Part, *, actor: Actor, now: int) -> Assignment:
        from civicmail.desk.records.actions import requests

        return requests.assign(row, given.person, given.role, actor=actor, now=now)


class EndAssignment(Act["Assignment", Nothing, "Assignment"]):
    """End an assignment: the person reads nothing more under the request."""

    name, permission, input = "end_record_assignment", "records.work", Nothing
    page = Page("records/assignments/<int:pk>/end/", "records-assignment-end")
    operation = Operation("/records/assignments/{int:pk}/end", "write:records")
    model, related = "records.Assignment", ("request", "person")
    success_message = "The assignment has ended."

    def button_page(self, row: Assignment) -> str:
        from django.urls import reverse

        return reverse("records-clock", args=[row.request.number])

    def perform(self, row: Assignment, given: Nothing, *, actor: Actor, now: int) -> Assignment:
        from civicmail.desk.records.actions import requests

        return requests.unassign(row, actor=actor, now=now)


class Stop(Input):
    """reason: id of a pause reason of the law pack; evidence: what the law wants written down."""

    reason = Choice(label="Why does the clock stop?", radio=True)
    evidence = Text(
        label="What shows it?",
        help="For example when the question, the estimate or the notice was sent. At least 3 characters.",
        min_length=3,
        rows=2,
    )


class PauseRequest(_OnRequest[Stop, "Pause"]):
    """Stop the clock of a request for a reason of the law."""

    name, input = "pause_record_request", Stop
    page, operation = _page("pause"), _operation("pause")
    title, submit, success_message = "Stop the clock of {number}", "Stop the clock", "The clock stands still."

    def choices(self, row: Request, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row)
        reasons = pack.pause_reasons if pack is not None else ()
        return {"reason": [(one.id, f"{one.title} ({one.citation})") for one in reasons]}

    def perform(self, row: Request, given: Stop, *, actor: Actor, now: int) -> Pause:
        from civicmail.desk.records.actions import clock

        return clock.pause(row, given.reason, given.evidence, actor=actor, now=now)


class Resume(Input):
    """reason: what ended the wait."""

    reason = reason("What ended the wait?", "At least 3 characters.", min_length=3)


class ResumeRequest(_OnRequest[Resume, "Pause"]):
    """Start the clock of a request again."""

    name, input = "resume_record_request", Resume
    page, operation = _page("resume"), _operation("resume")
    title, submit, success_message = "Start the clock of {number}", "Start the clock", "The clock runs."

    def perform(self, row: Request, given: Resume, *, actor: Actor, now: int) -> Pause:
        from civicmail.desk.records.actions import clock

        return clock.resume(row, actor=actor, reason=given.reason, now=now)


class Target(Input):
    """clock: id of a clock of the law pack."""

    clock = Choice(label="Which clock gives the target?", radio=True)
    reason = reason("Why?", "At least 3 characters.", min_length=3)


class SetTarget(_OnRequest[Target, "Request"]):
    """Choose the clock of the law that gives the target of a request."""

    name, input = "set_record_target", Target
    page, operation = _page("target"), _operation("target")
    title, submit, success_message = "Target of {number}", "Set target", "The target is set."

    def choices(self, row: Request, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.actions.clock import target_clocks
        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row)
        clocks = target_clocks(pack) if pack is not None else []
        return {"clock": [(one.id, f"{one.title}: {one.days} {one.unit} days ({one.citation})") for one in clocks]}

    def initial(self, row: Request) -> Mapping[str, Any]:
        return {"clock": row.clock}

    def perform(self, row: Request, given: Target, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import clock

        return clock.set_target(row, given.clock, actor=actor, reason=given.reason, now=now)


class Confirmed(Input):
    """text: the request as its requester confirmed it."""

    text = Text(label="The request in writing", help="As the requester confirmed it.", max_length=20_000, rows=8)


class PutInWriting(_OnRequest[Confirmed, "Request"]):
    """Write down an oral request, so that a court can enforce it."""

    name, input = "put_record_request_in_writing", Confirmed
    page, operation = _page("writing"), _operation("writing")
    title, submit, success_message = "Put {number} in writing", "Save as written", "The request is in writing."

    def initial(self, row: Request) -> Mapping[str, Any]:
        return {"text": row.text}

    def perform(self, row: Request, given: Confirmed, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.put_in_writing(row, given.text, actor=actor, now=now)


class WithdrawRequest(_OnRequest[Because, "Request"]):
    """Record that the requester took the request back."""

    name, input = "withdraw_record_request", Because
    page, operation, command = _page("withdraw"), _operation("withdraw"), _command("withdraw")
    title, submit, stop = "Withdraw {number}?", "Withdraw request", True
    effect = "Nothing more is searched or released; what was done stays in the file."
    success_message = "The request is withdrawn."

    def perform(self, row: Request, given: Because, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.withdraw(row, actor=actor, reason=given.reason, now=now)


class Closing(Input):
    """outcome: full, partial, denied or none."""

    outcome = Choice(
        label="Outcome", radio=True, choices=[(key, label[1]) for key, label in OUTCOMES.items() if key != "withdrawn"]
    )
    reason = reason()


class CloseRequest(_OnRequest[Closing, "Request"]):
    """Close a request with its outcome."""

    name, input = "close_record_request", Closing
    page, operation, command = _page("close"), _operation("close"), _command("close", "outcome")
    title, submit = "Close {number}?", "Close request"
    effect = "The clock ends. Records stay on hold for as long as the law says."
    success_message = "The request is closed."

    def perform(self, row: Request, given: Closing, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.close(row, given.outcome, actor=actor, reason=given.reason, now=now)


class ReopenRequest(_OnRequest[Because, "Request"]):
    """Work on a closed request again."""

    name, input = "reopen_record_request", Because
    page, operation, command = _page("reopen"), _operation("reopen"), _command("reopen")
    title, submit, success_message = "Reopen {number}?", "Reopen request", "The request is in review again."

    def perform(self, row: Request, given: Because, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.reopen(row, actor=actor, reason=given.reason, now=now)


class RecordSuit(_OnRequest[Because, "Request"]):
    """Record that a suit about a request was served: nothing of it changes any more."""

    name, permission, input = "record_record_suit", "records.suit", Because
    page, operation, command = _page("suit"), _operation("suit"), _command("suit")
    title, submit, stop = "Record a suit about {number}?", "Freeze request", True
    effect = (
        "Scope, decisions, redactions and letters stay as they are, and nothing on hold is disposed of, until the suit has ended."
    )
    success_message = "The request is frozen."

    def perform(self, row: Request, given: Because, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.record_suit(row, actor=actor, reason=given.reason, now=now)


class EndSuit(_OnRequest[Because, "Request"]):
    """Record the end of a suit about a request, appeals included."""

    name, permission, input = "end_record_suit", "records.suit", Because
    page, operation, command = _page("suit-end"), _operation("suit-end"), _command("suit-end")
    title, submit, success_message = "End the suit about {number}?", "Unfreeze request", "Work on the request may go on."

    def perform(self, row: Request, given: Because, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import requests

        return requests.end_suit(row, actor=actor, reason=given.reason, now=now)


class ContactInput(Input):
    """All empty removes the data."""

    name = Text(label="Name", required=False, max_length=200, rows=1)
    email = Email(label="E-mail address", required=False)
    phone = Text(label="Telephone", required=False, max_length=40, rows=1)
    postal = Text(label="Postal address", required=False, max_length=400, rows=2)
    delivery = Choice(label="How do they want the records?", choices=DELIVERY, default="link")


class ChangeContact(_OnRequest[ContactInput, "Request"]):
    """Set how a requester is reached; all empty removes the data."""

    name, input = "change_record_contact", ContactInput
    page, operation = _page("contact"), _operation("contact")
    title, submit, success_message = "Contact data of {number}", "Save contact data", "The contact data is saved."

    def initial(self, row: Request) -> Mapping[str, Any]:
        contact = getattr(row, "contact", None)
        names = ("name", "email", "phone", "postal", "delivery")
        return {name: getattr(contact, name) for name in names} if contact is not None else {}

    def perform(self, row: Request, given: ContactInput, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.actions import contacts
        from civicmail.desk.records.actions.intake import ContactData

        data = ContactData(name=given.name, email=given.email, phone=given.phone, postal=given.postal, delivery=given.delivery)
        return contacts.change(row, data, actor=actor, now=now)


class Step(Input):
    """step: id of the next step of the law pack; answer: yes or no; reason: why."""

    step = Choice(label="Step", radio=True)
    answer = Choice(label="Answer", radio=True, choices=[("yes", "Yes"), ("no", "No")])
    reason = Text(label="Why?", help="At least 20 characters.", min_length=20, max_length=2000, rows=4)


class TakeSelfRequestStep(_OnRequest[Step, "SelfRequestStep"]):
    """Answer the next step of deciding on records about the requester, in the order of the law."""

    name, input = "take_self_request_step", Step
    page, operation = _page("about-requester"), _operation("about-requester")
    title, submit, success_message = "Records about the requester: {number}", "Answer a step", "The answer is recorded."

    def choices(self, row: Request, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row)
        following = pack.next_self_request_step([*row.steps.values_list("step", flat=True)]) if pack is not None else None
        return {"step": [(following.id, f"{following.title} ({following.citation})")] if following is not None else []}

    def perform(self, row: Request, given: Step, *, actor: Actor, now: int) -> SelfRequestStep:
        from civicmail.desk.records.actions import requests

        return requests.take_step(row, given.step, given.answer == "yes", actor=actor, reason=given.reason, now=now)


DESCRIBE, ASSIGN, CONTACT = DescribeRequest(), AssignRequest(), ChangeContact()
PAUSE, RESUME, TARGET = PauseRequest(), ResumeRequest(), SetTarget()
WRITING, STEP = PutInWriting(), TakeSelfRequestStep()
WITHDRAW, CLOSE, REOPEN = WithdrawRequest(), CloseRequest(), ReopenRequest()
SUIT, SUIT_END = RecordSuit(), EndSuit()
END_ASSIGNMENT = EndAssignment()
ON_REQUEST = (DESCRIBE, ASSIGN, CONTACT, PAUSE, RESUME, TARGET, WRITING, STEP, WITHDRAW, CLOSE, REOPEN, SUIT, SUIT_END)
"""Each has a page and an operation below the request's number."""
ACTS = (*ON_REQUEST, END_ASSIGNMENT)
