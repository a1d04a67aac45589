"""Answers to requests for another format of what was released (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Input, Seen, Text

if TYPE_CHECKING:
    from civicmail.desk.records.models import FormatRequest


class _OnFormat[Given: Input](Act["FormatRequest", Given, "FormatRequest"]):
    """title, submit: of its form; note: above it."""

    permission = "records.work"
    model, related = "records.FormatRequest", ("request", "publication")
    title = submit = about = ""

    def form_page(self, row: FormatRequest) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import format_page

        head = format_page.head(row, self.title)
        back = reverse("records-format", args=[row.pk])
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=head.state, submit=self.submit, back=back,
            effects=[self.about], stays=["The address that was left is removed when it is answered."],
        )  # fmt: skip


class Provided(Input):
    """answer: what was done, for who asked; state: as it was seen."""

    answer = Text(label="What did you send, and how?", help="Who asked reads it. At least 10 characters.", min_length=10)
    state = Seen(default="open")


class ProvideFormat(_OnFormat[Provided]):
    """Record that somebody got what was released in the format that they need."""

    name, input = "provide_record_format", Provided
    page = Page("records/formats/<int:pk>/provide/", "records-format-provide")
    operation = Operation("/records/formats/{int:pk}/provide", "write:records")
    title, submit, success_message = "Was it sent?", "Save the answer", "The answer is saved."
    about = "Who asked reads the answer on the page of their request."

    def perform(self, row: FormatRequest, given: Provided, *, actor: Actor, now: int) -> FormatRequest:
        from civicmail.desk.records.actions import formats

        return formats.provide(row, given.answer, actor=actor, now=now)


class Declined(Input):
    """answer: the reason, for who asked; state: as it was seen."""

    answer = Text(
        label="Why can it not be given?",
        help="The law wants the reason in writing, and the next best way. At least 20 characters.",
        min_length=20,
    )
    state = Seen(default="open")


class DeclineFormat(_OnFormat[Declined]):
    """Refuse another format with the reason in writing."""

    name, input = "decline_record_format", Declined
    page = Page("records/formats/<int:pk>/decline/", "records-format-decline")
    operation = Operation("/records/formats/{int:pk}/decline", "write:records")
    title, submit, success_message = "Refuse this format?", "Refuse it", "The answer is saved."
    about = "Who asked reads the reason on the page of their request (28 CFR 35.164)."

    def perform(self, row: FormatRequest, given: Declined, *, actor: Actor, now: int) -> FormatRequest:
        from civicmail.desk.records.actions import formats

        return formats.decline(row, given.answer, actor=actor, now=now)


PROVIDE, DECLINE = ProvideFormat(), DeclineFormat()
ACTS = (PROVIDE, DECLINE)
