"""Answering reported mail, and taking copies of it back (P-31)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Input, Number, Seen, Text, reason

if TYPE_CHECKING:
    from civicmail.desk.incidents.models import Case, Pull


class IncidentAnswer(Input):
    """answer: right or genuine; reason: for all reporters, at least ten characters; state: as seen."""

    answer = Choice(
        label="What is it?", radio=True, missing="Choose an answer.",
        choices=[("right", "Dangerous: everybody who reported it was right"), ("genuine", "Genuine: it is what it says it is")],
    )  # fmt: skip
    reason = reason("Why?", "At least 10 characters. Everybody who reported it reads this.", min_length=10)
    state = Seen(default="open")


class AnswerWithRemoval(Input):
    """copies: how many one has counted (`count_copies`); reason: for all reporters, at least ten characters; state: as seen."""

    copies = Number(label="How many copies?", help="As they were counted.", hidden=True)
    reason = reason("Why?", "At least 10 characters. Everybody who reported it reads this.", min_length=10)
    state = Seen(default="open")


class RemovalRequest(Input):
    """copies: how many one has counted (`count_copies`); q: what narrows them, as it was counted; reason: in at least ten
    characters."""

    copies = Number(label="How many copies?", help="As they were counted.", hidden=True)
    q = Text(label="Which copies?", required=False, max_length=400, rows=1, hidden=True)
    reason = reason("Why?", "At least 10 characters. It stays in the record of every copy.", min_length=10)


class RemovalAnswer(Input):
    """answer: agree or refuse; reason: at least ten characters; state: as seen."""

    answer = Choice(
        label="Do you agree?", missing="Choose an answer.", choices=[("agree", "Remove the copies"), ("refuse", "Refuse")]
    )
    reason = reason("Why?", "At least 10 characters.", min_length=10)
    state = Seen(default="asked")


class RemovalUndo(Input):
    """reason: at least ten characters; state: as seen."""

    reason = reason("Why?", "At least 10 characters.", min_length=10)
    state = Seen()


class AnswerIncident(Act["Case", IncidentAnswer, "Case"]):
    """Classify the message, for all reporters; the spam filter learns from it."""

    name, permission, input = "answer_incident", "report.answer", IncidentAnswer
    operation = Operation("/incidents/{int:id}/answer", "write:incidents", page="incident")

    model = "incidents.Case"
    related = ("person",)

    def perform(self, row: Case, given: IncidentAnswer, *, actor: Actor, now: int) -> Case:
        from civicmail.desk.incidents.actions import case_answers

        return case_answers.answer(row, given.answer, actor=actor, reason=given.reason, now=now)

    success_message = "Everybody who reported it is told."

    next_page = "incident"


class RemoveAndAnswer(Act["Case", AnswerWithRemoval, "Pull"]):
    """Classify the message as dangerous, for all reporters, and request the removal of the counted copies; more than fifty need a
    second officer."""

    name, permission, input = "remove_and_answer", "pull.ask", AnswerWithRemoval
    operation = Operation("/incidents/{int:id}/remove-and-answer", "write:incidents", page="incident", status=201)

    model = "incidents.Case"
    related = ("person",)

    def perform(self, row: Case, given: AnswerWithRemoval, *, actor: Actor, now: int) -> Pull:
        from civicmail.desk.incidents.actions import case_answers

        return case_answers.remove_and_answer(row, given.copies, actor=actor, reason=given.reason, now=now)

    def message(self, row: Case, done: Pull) -> str:
        return f"Everybody who reported it is thanked. {ASK_REMOVAL.message(row, done)}"

    next_page = "pull"


class AskRemoval(Act["Case", RemovalRequest, "Pull"]):
    """Request message removal for the counted copies; more than fifty need a second officer."""

    name, permission, input = "ask_pull", "pull.ask", RemovalRequest
    operation = Operation("/incidents/{int:id}/pull", "write:incidents", page="pull-ask", status=201)

    model = "incidents.Case"
    related = ("person",)

    def perform(self, row: Case, given: RemovalRequest, *, actor: Actor, now: int) -> Pull:
        from civicmail.desk.incidents.actions import message_removal

        return message_removal.ask_fitting(row, given.q, given.copies, actor=actor, reason=given.reason, now=now)

    def message(self, row: Case, done: Pull) -> str:
        return "The copies are being removed." if done.state == "running" else "A second officer is asked about the removal."

    next_page = "pull"


class _OnRemoval[Given: Input](Act["Pull", Given, "Pull"]):
    def load(self, pk: int, *, actor: Actor, now: int) -> Pull:
        from django.shortcuts import get_object_or_404

        from civicmail.city.guard import guard
        from civicmail.desk.incidents.models import Pull

        guard.require(actor, "reports.see", now=now)
        return get_object_or_404(Pull.objects.select_related("case", "by", "second", "undone_by"), pk=pk)

    next_page = "pull"


class SecondRemoval(_OnRemoval[RemovalAnswer]):
    """Agree or disagree, as another officer."""

    name, permission, input = "second_pull", "pull.second", RemovalAnswer
    operation = Operation("/pulls/{int:id}/second", "write:incidents", page="pull")

    def resource(self, row: Pull, actor: Actor) -> Resource:
        from civicmail.desk.incidents.actions import message_removal

        return message_removal.about(row)

    def perform(self, row: Pull, given: RemovalAnswer, *, actor: Actor, now: int) -> Pull:
        from civicmail.desk.incidents.actions import message_removal

        return message_removal.decide(row, agrees=given.answer == "agree", actor=actor, reason=given.reason, now=now)

    def message(self, row: Pull, done: Pull) -> str:
        return "The copies are being removed." if done.state == "running" else "Nothing is removed."


class UndoRemoval(_OnRemoval[RemovalUndo]):
    """Restore all removed copies; unprocessed ones stay where they are."""

    name, permission, input = "undo_pull", "pull.undo", RemovalUndo
    operation = Operation("/pulls/{int:id}/undo", "write:incidents", page="pull")

    def perform(self, row: Pull, given: RemovalUndo, *, actor: Actor, now: int) -> Pull:
        from civicmail.desk.incidents.actions import message_removal

        return message_removal.undo(row, actor=actor, reason=given.reason, now=now)

    success_message = "The copies are being restored."


ANSWER_INCIDENT, REMOVE_AND_ANSWER, ASK_REMOVAL = AnswerIncident(), RemoveAndAnswer(), AskRemoval()
SECOND_REMOVAL, UNDO_REMOVAL = SecondRemoval(), UndoRemoval()
