"""Answer a requester's contest of a redaction or withheld document, as a second person (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Input, Seen, Text

if TYPE_CHECKING:
    from civicmail.desk.records.models import Contest


class ContestAnswer(Input):
    """outcome: upheld or changed; reason: in the letter to the requester; state: as it was seen."""

    outcome = Choice(
        label="Your answer", radio=True, missing="Choose one of the two.",
        choices=[("upheld", "It stays as it was released"), ("changed", "It goes back to review, so that more can be released")],
    )  # fmt: skip
    reason = Text(
        label="Reason", help="The requester reads it in the letter. At least 20 characters.", min_length=20, max_length=4000
    )
    state = Seen(default="open")


class AnswerContest(Act["Contest", ContestAnswer, "Contest"]):
    """Answer a contest by letter, as a person who decided, redacted and approved nothing that it is about."""

    name, permission, input = "answer_record_contest", "records.contest", ContestAnswer
    model, related = "records.Contest", ("request__custodian", "by")
    page = Page("records/contests/<int:pk>/answer/", "records-contest-answer")
    operation = Operation("/records/contests/{int:pk}/answer", "write:records")

    def resource(self, row: Contest, actor: Actor) -> Resource:
        from civicmail.desk.records.actions import contests

        return contests.about(row)

    def perform(self, row: Contest, given: ContestAnswer, *, actor: Actor, now: int) -> Contest:
        from civicmail.desk.records.actions import contests

        return contests.answer(row, given.outcome, given.reason, actor=actor, now=now)

    def message(self, row: Contest, done: Contest) -> str:
        more = " Change it in review, then order a production." if done.state == "changed" else ""
        return f"The answer is on the requester's status page.{more}"

    def form_page(self, row: Contest) -> FormPage:
        from civicmail.desk.records.states import CONTEST
        from civicmail.desk.records.views import contest_page

        head = contest_page.head(row, "Answer the contest?")
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=CONTEST[row.state], facts=head.facts,
            submit="Send the answer", back=contest_page.url(row),
            effects=[
                "The requester gets a letter with your reason and with the sentences that the law prescribes.",
                "If it goes back to review, the decision or the redaction is changed there, and a new production releases it.",
            ],
            stays=["What was released before stays released."],
        )  # fmt: skip


ANSWER = AnswerContest()
ACTS: tuple[Act[Any, Any, Any], ...] = (ANSWER,)
