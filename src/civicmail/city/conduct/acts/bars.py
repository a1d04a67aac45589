"""Ending a permanent bar, which takes two officers and a law (P-30; V3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Input, Text

if TYPE_CHECKING:
    from civicmail.city.identity.models import Bar


class BarEnd(Input):
    """law: by which one; reason: in at least twenty characters."""

    law = Text(label="By which law or order?", max_length=300, rows=1)
    reason = Text(label="Why?", help="At least 20 characters. It is kept for ever.", min_length=20, rows=4)


class BarAnswer(Input):
    """answer: yes, it ends, or no, it stays; reason: in at least twenty characters."""

    answer = Choice(
        label="Do you agree?", radio=True, missing="Choose an answer.", choices=[("yes", "Yes: it ends"), ("no", "No: it stays")]
    )
    reason = Text(label="Why?", help="At least 20 characters.", min_length=20, max_length=1000, rows=4)


class _OnBar[Given: Input](Act["Bar", Given, "Bar"]):
    def load(self, pk: int, *, actor: Actor, now: int) -> Bar:
        from django.shortcuts import get_object_or_404

        from civicmail.city.guard import guard
        from civicmail.city.identity.models import Bar

        guard.require(actor, "violations.see", now=now)
        return get_object_or_404(Bar.objects.select_related("person", "first", "second", "asker", "ender"), pk=pk)

    def resource(self, row: Bar, actor: Actor) -> Resource:
        from civicmail.city.identity.actions import barring

        return barring.about_end(row)

    next_page = "bar"


class AskBarEnd(_OnBar[BarEnd]):
    """Request the end of a permanent bar, by law; another officer decides."""

    name, permission, input = "ask_bar_end", "bar.ask-end", BarEnd
    operation = Operation("/bars/{int:id}/ask-end", "write:decisions", page="bar")

    def perform(self, row: Bar, given: BarEnd, *, actor: Actor, now: int) -> Bar:
        from civicmail.city.identity.actions import barring

        return barring.ask_end(row, given.law, actor=actor, reason=given.reason, now=now)

    success_message = "Another officer answers now."


class AnswerBarEnd(_OnBar[BarAnswer]):
    """Decide, as another officer, whether a permanent bar ends."""

    name, permission, input = "answer_bar_end", "bar.end", BarAnswer
    operation = Operation("/bars/{int:id}/answer-end", "write:decisions", page="bar")

    def perform(self, row: Bar, given: BarAnswer, *, actor: Actor, now: int) -> Bar:
        from civicmail.city.identity.actions import barring

        return barring.answer_end(row, yes=given.answer == "yes", actor=actor, reason=given.reason, now=now)

    success_message = "Your answer is recorded."


ASK_BAR_END, ANSWER_BAR_END = AskBarEnd(), AnswerBarEnd()
