"""Answering an appeal: was a decision about a message wrong (P-29)?"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Choices, Input, reason

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Contest

ANSWERS: Choices = [
    ("upheld", "No: the decision stands"),
    ("released", "Overturn: release it now, after repeating the checks"),
    ("corrected", "Yes: the rule was put right, and it can be sent again"),
]
RELEASABLE = ("held", "quarantined", "released")
"""What was decided where something can be let go, or was."""


class AppealAnswer(Input):
    """answer: upheld, released or corrected; reason: for the person who appealed, at least ten characters."""

    answer = Choice(label="Was it wrong?", choices=ANSWERS, radio=True)
    reason = reason("What do you tell them?", "It is on the page of the decision, and goes to their address.", min_length=10)


class AnswerAppeal(Act["Contest", AppealAnswer, "Contest"]):
    """Say whether we were wrong; it goes to their address and onto the page of the decision."""

    name, permission, input = "answer_contest", "contest.answer", AppealAnswer
    operation = Operation("/contests/{int:id}/answer", "write:holding", page="contest")

    model = "holding.Contest"
    related = ("person",)

    def choices(self, row: Contest, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.holding import queries

        decision = queries.decision(uuid.UUID(row.capture))
        has_held = decision is not None and decision.what in RELEASABLE
        return {"answer": [choice for choice in ANSWERS if has_held or choice[0] != "released"]}

    def perform(self, row: Contest, given: AppealAnswer, *, actor: Actor, now: int) -> Contest:
        from civicmail.desk.holding.actions import appeals

        return appeals.answer(row, given.answer, actor=actor, reason=given.reason, now=now)

    success_message = "The answer is given."


ANSWER_APPEAL = AnswerAppeal()
