"""Answers of use reviewers to findings, and the report to a department (P-07, P-10 to P-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Input, Seen, Text, reason

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Violation
    from civicmail.desk.holding.models import Finding

_RECORDED = "Your answer is recorded."


class FirstAnswer(Input):
    """answer: nothing, reminded or second; reason: at least ten characters; state: as seen."""

    answer = Choice(
        label="What is it?", radio=True, missing="Choose an answer.",
        choices=[
            ("nothing", "Nothing: the rule is wrong about it, or it does not matter"),
            ("reminded", "A slip: remind whoever sent it, in a friendly way"),
            ("second", "More than that: a second reviewer looks at it, too"),
        ],
    )  # fmt: skip
    reason = reason(
        "Why?", "At least 10 characters. It is kept with the finding; whoever sent the message does not read it.", min_length=10
    )
    state = Seen(default="open")


class SecondAnswer(Input):
    """answer: yes or no; reason: in at least ten characters; state: as it was seen."""

    answer = Choice(
        label="Do you agree?", radio=True, missing="Choose an answer.",
        choices=[("yes", "Yes: it does not go with the policy"), ("no", "No: there is nothing in it")],
    )  # fmt: skip
    reason = reason("Why?", "At least 10 characters.", min_length=10)
    state = Seen(default="second")


class Report(Input):
    """text: what the department's head reads, in at least twenty characters; state: as it was seen."""

    text = Text(
        label="What does the department have to know?", help="At least 20 characters. It goes to its head.", min_length=20,
        max_length=1000, rows=5,
    )  # fmt: skip
    state = Seen(default="confirmed")


class _OnFinding[Given: Input, Done](Act["Finding", Given, Done]):
    model = "holding.Finding"
    related = ("reviewer", "second", "person")


class AnswerFinding(_OnFinding[FirstAnswer, "Finding"]):
    """Say, as the first reviewer, whether there is nothing in it, whether whoever sent it is reminded, or that a second looks."""

    name, permission, input = "answer_finding", "finding.answer", FirstAnswer
    operation = Operation("/findings/{int:id}/answer", "write:holding", page="finding")

    def perform(self, row: Finding, given: FirstAnswer, *, actor: Actor, now: int) -> Finding:
        from civicmail.desk.holding.actions import review_findings

        return review_findings.answer(row, given.answer, actor=actor, reason=given.reason, now=now)

    success_message = _RECORDED


class SecondFinding(_OnFinding[SecondAnswer, "Finding"]):
    """Agree or not, as another reviewer; only then there is a name."""

    name, permission, input = "second_finding", "finding.second", SecondAnswer
    operation = Operation("/findings/{int:id}/second", "write:holding", page="finding")

    def resource(self, row: Finding, actor: Actor) -> Resource:
        from civicmail.desk.holding.actions import review_findings

        return review_findings.second_review_resource(row)

    def perform(self, row: Finding, given: SecondAnswer, *, actor: Actor, now: int) -> Finding:
        from civicmail.desk.holding.actions import review_findings

        return review_findings.decide_second(row, right=given.answer == "yes", actor=actor, reason=given.reason, now=now)

    success_message = _RECORDED


class HandOverFinding(_OnFinding[Report, "Violation"]):
    """Make a report to the department of what two reviewers have confirmed; its head is told. The answer is the number of the
    case."""

    name, permission, input = "hand_finding_over", "finding.hand-over", Report
    operation = Operation("/findings/{int:id}/hand-over", "write:holding", page="finding", status=201)

    def perform(self, row: Finding, given: Report, *, actor: Actor, now: int) -> Violation:
        from civicmail.desk.holding.actions import review_findings

        return review_findings.hand_over(row, given.text, actor=actor, now=now)

    success_message = "The head of the department is told."


ANSWER_FINDING, SECOND_FINDING, HAND_OVER_FINDING = AnswerFinding(), SecondFinding(), HandOverFinding()
