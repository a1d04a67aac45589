"""Acts on notices to the people whom records are about: add, serve, record a court action and its end, take back (P-21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Choices, Input, Lines, OptionalDay, OptionalPerson, Text, reason

if TYPE_CHECKING:
    from civicmail.desk.records.models import Request, SubjectNotice

_SCOPE = "write:records"


class NoticeToAdd(Input):
    """notice: class of the law pack; name: of the subject, as in the letter; person: if the subject works here; record: what is
    released; items: numbers of documents, none for all; decided: the decision to release."""

    notice = Choice(label="Which records are they?", radio=True, missing="Choose a class of the law.")
    name = Text(label="Name of the person", help="Whom the records are about, as the notice names them.", max_length=200, rows=1)
    person = OptionalPerson(label="Who in the city?", help="If they work for the city.")
    record = Text(
        label="The records in words",
        help="The notice has these words: what is released, so that the person knows it. At least 10 characters.",
        min_length=10,
        max_length=4000,
    )
    items = Lines(
        label="Numbers of the documents", help="One a line. Empty: all that the request releases.", required=False, max_length=10
    )
    decided = OptionalDay(label="Day of the decision to release", help="Empty: today.")


class AddNotice(Act["Request", NoticeToAdd, "SubjectNotice"]):
    """Add a notice to a person whom records are about; nothing that it is about is released before the law allows it."""

    name, permission, input = "add_subject_notice", "records.work", NoticeToAdd
    model, key, related = "records.Request", "number", ("custodian",)
    page = Page("records/requests/<slug:number>/notices/new/", "records-notice-add")
    operation = Operation("/records/requests/{str:number}/notices", _SCOPE, status=201)
    success_message = "The notice was added. Serve it now: nothing that it is about is released before."
    next_page = "records-notice"

    def choices(self, row: Request, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row)
        classes = pack.notice_classes if pack is not None else ()
        return {"notice": [(one.id, f"{one.title} ({one.citation})") for one in classes]}

    def perform(self, row: Request, given: NoticeToAdd, *, actor: Actor, now: int) -> SubjectNotice:
        from civicmail.city.guard.errors import field_error
        from civicmail.desk.records.actions import notices

        if not all(number.isdecimal() for number in given.items):
            raise field_error("items", "Write numbers, one a line.")
        new = notices.NewNotice(
            notice=given.notice, name=given.name, person=given.person, record=given.record, decided=given.decided,
            items=[int(number) for number in given.items],
        )  # fmt: skip
        return notices.add(row, new, actor=actor, now=now)

    def form_page(self, row: Request) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import request_page

        back = reverse("records-request-notices", args=[row.number])
        head = request_page.page(row, "Add a notice", here=[("Notices", back)])
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, submit="Add the notice", back=back,
            effects=["Nothing that it is about can be released until it is served and the lock of the law is over."],
            stays=["Records of other classes need no notice, and do not wait."],
        )  # fmt: skip


class OnNotice[Given: Input](Act["SubjectNotice", Given, "SubjectNotice"]):
    """An act on one notice. title, submit: of its form; effect: what changes."""

    permission = "records.work"
    model, related = "records.SubjectNotice", ("request__custodian",)
    title, submit, effect = "", "", ""
    page: Page

    def form_page(self, row: SubjectNotice) -> FormPage:
        from civicmail.desk.records.states import NOTICE
        from civicmail.desk.records.views import notice_page

        head = notice_page.head(row, self.title)
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=NOTICE[row.state], submit=self.submit,
            back=notice_page.url(row), effects=[self.effect] if self.effect else [],
        )  # fmt: skip


class Service(Input):
    """method: a way of service of the law pack; sent: the day; proof: such as the number of the certified letter."""

    method = Choice(label="How was it served?", radio=True, missing="Choose a way of service.")
    sent = OptionalDay(label="On which day?", help="Empty: today. The lock runs from this day.")
    proof = Text(
        label="Proof of service",
        help="The number of the certified letter, or who served it. At least 3 characters.",
        max_length=200,
        rows=1,
    )


class ServeNotice(OnNotice[Service]):
    """Record how and when a notice to a subject was served."""

    name, input = "serve_subject_notice", Service
    page = Page("records/notices/<int:pk>/serve/", "records-notice-serve")
    operation = Operation("/records/notices/{int:pk}/serve", _SCOPE)
    title, submit, success_message = "Serve the notice", "Save the service", "The service is saved. The lock runs from that day."
    effect = "The letter is kept as it was on that day, with the end of the lock in it."

    def choices(self, row: SubjectNotice, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row.request)
        methods = pack.notice_class(row.notice).methods if pack is not None else ()
        return {"method": [(one, one[:1].upper() + one[1:]) for one in methods]}

    def perform(self, row: SubjectNotice, given: Service, *, actor: Actor, now: int) -> SubjectNotice:
        from civicmail.desk.records.actions import notices

        return notices.serve(row, given.method, given.sent, given.proof, actor=actor, now=now)


class CourtCase(Input):
    """case: court and number."""

    case = Text(label="Court and case number", help="As the papers that were served name them.", min_length=3, rows=1)


class DisputeNotice(OnNotice[CourtCase]):
    """Record that the subject of records went to court against their release."""

    name, input = "dispute_subject_notice", CourtCase
    page = Page("records/notices/<int:pk>/court/", "records-notice-dispute")
    operation = Operation("/records/notices/{int:pk}/court", _SCOPE)
    title, submit = "Record a court action", "Save the court action"
    success_message = "Nothing that the notice is about is released before the court action ends."
    effect = "Nothing that it is about is released before that ends, appeals included. The clock of the request stands still."

    def perform(self, row: SubjectNotice, given: CourtCase, *, actor: Actor, now: int) -> SubjectNotice:
        from civicmail.desk.records.actions import notices

        return notices.dispute(row, given.case, actor=actor, now=now)


class Ending(Input):
    """reason: the order of the court."""

    reason = reason("How did it end?", "The order of the court and its day, at least 10 characters.", min_length=10)


class EndNotice(OnNotice[Ending]):
    """Record the end of a court action of a record subject, appeals included."""

    name, input = "end_subject_notice", Ending
    page = Page("records/notices/<int:pk>/end/", "records-notice-end")
    operation = Operation("/records/notices/{int:pk}/end", _SCOPE)
    title, submit, success_message = "Record the end of the court action", "Save the end", "The lock is over."
    effect = "What it was about can be released, if nothing else locks it. What the court restrains must be withheld in review."

    def perform(self, row: SubjectNotice, given: Ending, *, actor: Actor, now: int) -> SubjectNotice:
        from civicmail.desk.records.actions import notices

        return notices.end(row, given.reason, actor=actor, now=now)


class DropNotice(OnNotice[Because]):
    """Take back a notice that was not served, because an exception of the law applies or it was added in error."""

    name, input = "drop_subject_notice", Because
    page = Page("records/notices/<int:pk>/drop/", "records-notice-drop")
    operation = Operation("/records/notices/{int:pk}/drop", _SCOPE)
    title, submit, success_message = "Take back the notice?", "Take back the notice", "The notice was taken back."

    def perform(self, row: SubjectNotice, given: Because, *, actor: Actor, now: int) -> SubjectNotice:
        from civicmail.desk.records.actions import notices

        return notices.drop(row, given.reason, actor=actor, now=now)

    def form_page(self, row: SubjectNotice) -> FormPage:
        from dataclasses import replace

        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row.request)
        exceptions = pack.notice_class(row.notice).exceptions if pack is not None else ()
        return replace(super().form_page(row), effects=[f"The law needs no notice if: {one}" for one in exceptions], stop=True)


ADD, SERVE, DISPUTE, END, DROP = AddNotice(), ServeNotice(), DisputeNotice(), EndNotice(), DropNotice()
ON_NOTICE: tuple[OnNotice[Any], ...] = (SERVE, DISPUTE, END, DROP)
"""Acts on one notice, by the action of states.NOTICES: serve, dispute, end, drop."""
ACTS: tuple[Act[Any, Any, Any], ...] = (ADD, *ON_NOTICE)
