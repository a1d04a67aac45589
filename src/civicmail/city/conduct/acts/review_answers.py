"""Acts of reviewers on access under review: keep, end, change, reassign, undo, delegate (P-05; R3 to R7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicmail.city.conduct.review_plans import PLANS
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import PartOfReview, Resource, ReviewedRight
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Choices, Day, Input, Nothing, PersonName, Seen, Several, Text, reason

if TYPE_CHECKING:
    from civicmail.city.conduct.models import ReviewPart, ReviewRow
    from civicmail.city.conduct.queries.reviewer_screen import ScreenRow

_ROUTE, _PATH, _SCOPE = "reviews/rows/<int:pk>", "/reviews/rows/{int:id}", "write:conduct"
_READ_BY = "Whoever reads the evidence of this review reads it."


@dataclass(frozen=True, slots=True)
class Question:
    """A row of a review. about: it, with who may answer it now."""

    row: ReviewRow
    about: ReviewedRight

    @property
    def name(self) -> str:
        return str(self.row.asked["name"])

    @property
    def access(self) -> str:
        """The subject as a phrase."""
        asked = self.row.asked
        if self.row.role is not None:
            return f"the role {asked['duty_name'].lower()} of {self.name}"
        return f"mail access of {self.name}" if asked["what"] == "Own mailbox" else f"{self.name}'s access to {asked['mailbox']}"


@dataclass(frozen=True, slots=True)
class AskedPart:
    """A part of a review. about: it, with who may answer it now."""

    part: ReviewPart
    about: PartOfReview


class Answer(Input):
    """state: of the row as seen; reason: required unless the access is in order and kept."""

    reason = Text(label="Why?", help=_READ_BY, min_length=10, required=False)
    state = Seen(default="open")


class Keeping(Answer):
    """state: of the row as seen; reason: required unless the access is in order."""

    reason = Text(label="Why is it needed still?", help=f"At least 10 characters, 20 for a role. {_READ_BY}", required=False)


class NewEnd(Answer):
    """day: the last one."""

    day = Day(label="Last day", help="At most a year away, and within a contract.")
    reason = Answer.reason
    state = Answer.state


class Elsewhere(Answer):
    """department: code of the one that answers."""

    department = Choice(label="Which department answers for this person?")
    reason = Answer.reason
    state = Answer.state


class Unsure(Answer):
    """reason: what the reviewer would need to know."""

    reason = Text(label="What would you have to know?", help="The next head reads it.", min_length=3, required=False)


class Undoing(Answer):
    """state: pending."""

    reason = Text(label="Why?", required=False)


class AlikeAnswer(Input):
    """rows: ids; answer: keep or revoke; reason: one for all of them."""

    rows = Several(label="For whom?")
    answer = Choice(
        label="Your answer", radio=True, missing="Choose one of the two.",
        choices=[("revoke", "End their access now"), ("keep", "Keep their access")],
    )  # fmt: skip
    reason = reason("Why?", f"At least 20 characters, one reason for all of them. {_READ_BY}")


class StandIn(Input):
    """to: number or address; day: the last one."""

    to = PersonName(label="Name a substitute")
    day = Day(label="Until which day?", help="By the deadline at the latest.")
    reason = reason("Why?", "Both of your names stay in the evidence.", min_length=10)


class _OnRow[Given: Answer](Act[Question, Given, "ScreenRow"]):
    permission = "review.decide"
    outcome: str
    """What was done, as the message says it."""
    answer: Callable[..., ReviewRow]
    """(row, given, recorded) -> the row as the verb leaves it. recorded: actor, reason and time."""

    def load(self, pk: int, *, actor: Actor, now: int) -> Question:
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.actions import review_answers
        from civicmail.city.conduct.models import ReviewRow
        from civicmail.city.conduct.queries import part_reviewers

        row = get_object_or_404(ReviewRow.objects.select_related(*review_answers.WITH), pk=pk)
        return Question(row, part_reviewers.about_row(row, actor.uid, now))

    def is_hidden(self, row: Question, actor: Actor, now: int) -> bool:
        return _is_hidden(row.about, actor, now)

    def resource(self, row: Question, actor: Actor) -> Resource:
        return row.about

    def state(self, row: Question) -> str:
        return str(row.row.state)

    def required(self, row: Question) -> Collection[str]:
        return ("reason",)

    def message(self, row: Question, done: ScreenRow) -> str:
        return f"{self.outcome}: {row.name}."

    def perform(self, row: Question, given: Given, *, actor: Actor, now: int) -> ScreenRow:
        from civicmail.city.conduct.actions import review_answers
        from civicmail.city.conduct.models import ReviewRow
        from civicmail.city.conduct.queries import reviewer_screen
        from civicmail.city.guard.actions.acting import acting_person

        answered = self.answer(row.row, given, {"actor": actor, "reason": given.reason, "now": now})
        fresh = ReviewRow.objects.select_related(*review_answers.WITH, "by").get(pk=answered.pk)
        return reviewer_screen.screen_row(fresh, acting_person(actor), now)

    def _page(self, row: Question, title: str, submit: str, effects: list[str], *, stop: bool = False) -> FormPage:
        """The page around the form."""
        from civicmail.city.conduct.actions.review_notices import name_of
        from civicmail.city.conduct.views.reviewer_screen import after

        back = after(row.row.part.department.code, row.row.review_id, row.row.pk)
        return FormPage(
            title=title, section=name_of(row.row.review), submit=submit, back=back, crumbs=[("The review", back)], effects=effects,
            stop=stop,
        )  # fmt: skip


class KeepAccess(_OnRow[Keeping]):
    """Keep the access. Exceptions and roles need a reason."""

    name, input = "keep_access", Keeping
    page = Page(f"{_ROUTE}/keep/", "review-keep")
    operation = Operation(f"{_PATH}/keep", _SCOPE)

    def required(self, row: Question) -> Collection[str]:
        return ("reason",) if row.row.exceptions or PLANS[row.row.review.tier].renews else ()

    def answer(self, row: ReviewRow, given: Keeping, recorded: dict[str, Any]) -> ReviewRow:
        from civicmail.city.conduct.actions import review_answers

        return review_answers.keep(row, **recorded)

    def message(self, row: Question, done: ScreenRow) -> str:
        return f"Kept: {row.name}.{' It can be taken back for five minutes.' if done.undo else ''}"

    def form_page(self, row: Question) -> FormPage:
        effects = [
            "The access goes on: for a year from today, or to the end of a contract. Whoever asked for it does not extend it.",
            "For five minutes it can be taken back.",
        ]
        if row.row.role is not None:
            effects = ["The role stays, with the end that it was granted with.", "Your justification stands in the evidence."]
        return self._page(row, f"Keep {row.access}?", f"Keep access of {row.name}", effects)


class EndReviewedAccess(_OnRow[Answer]):
    """End the access or role at once."""

    name, input, outcome = "end_reviewed_access", Answer, "Ended"
    page = Page(f"{_ROUTE}/end/", "review-end")
    operation = Operation(f"{_PATH}/end", _SCOPE)

    def answer(self, row: ReviewRow, given: Answer, recorded: dict[str, Any]) -> ReviewRow:
        from civicmail.city.conduct.actions import review_answers

        return review_answers.revoke(row, **recorded)

    def form_page(self, row: Question) -> FormPage:
        effects = ["Sending and reading there stop at once, at every door.", "Mail is kept. Nothing is deleted."]
        if row.row.role is not None:
            effects = ["The role ends at once, and what was activated under it."]
        effects.append("This cannot be undone: it is asked for anew.")
        return self._page(row, f"End {row.access}?", f"End access of {row.name}", effects, stop=True)


class ChangeReviewedAccess(_OnRow[NewEnd]):
    """Change the end date."""

    name, input, outcome = "change_reviewed_access", NewEnd, "Changed"
    page = Page(f"{_ROUTE}/change/", "review-change")
    operation = Operation(f"{_PATH}/change", _SCOPE)

    def answer(self, row: ReviewRow, given: NewEnd, recorded: dict[str, Any]) -> ReviewRow:
        from civicmail.city.conduct.actions import review_answers
        from civicmail.city.pages.forms import end_of_day

        return review_answers.change(row, end_of_day(given.day), **recorded)

    def form_page(self, row: Question) -> FormPage:
        effects = ["The access ends on the evening of that day; until then nothing changes."]
        return self._page(row, f"Set the end of {row.access}", f"Set the end for {row.name}", effects)


class HandOnRow(_OnRow[Elsewhere]):
    """Reassign the row to another department."""

    name, input, outcome = "hand_on_row", Elsewhere, "Handed on"
    page = Page(f"{_ROUTE}/not-mine/", "review-not-mine")
    operation = Operation(f"{_PATH}/not-mine", _SCOPE)

    def choices(self, row: Question, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        return {"department": list(Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name"))}

    def answer(self, row: ReviewRow, given: Elsewhere, recorded: dict[str, Any]) -> ReviewRow:
        from civicmail.city.conduct.actions import reassignment
        from civicmail.city.directory.models import Department

        return reassignment.not_mine(row, Department.objects.get(code=given.department), **recorded)

    def form_page(self, row: Question) -> FormPage:
        effects = ["The question goes to whoever is asked in that department. You are not asked about it any more."]
        return self._page(row, f"Reassign {row.name}", "Reassign 1 row", effects)


class AskNextHead(_OnRow[Unsure]):
    """Reassign the row to the next head."""

    name, input, outcome = "ask_next_head", Unsure, "Handed on"
    page = Page(f"{_ROUTE}/unsure/", "review-unsure")
    operation = Operation(f"{_PATH}/unsure", _SCOPE)

    def answer(self, row: ReviewRow, given: Unsure, recorded: dict[str, Any]) -> ReviewRow:
        from civicmail.city.conduct.actions import reassignment

        return reassignment.dont_know(row, **recorded)

    def form_page(self, row: Question) -> FormPage:
        effects = ["The question goes to the next head, and where nobody is above, to the access office."]
        return self._page(row, f"Ask the next head about {row.name}?", "Ask the next head", effects)


class TakeAnswerBack(_OnRow[Undoing]):
    """Withdraw a "keep" within five minutes, before it is carried out. state: pending."""

    name, input = "take_answer_back", Undoing
    page = Page(f"{_ROUTE}/undo/", "review-undo")
    operation = Operation(f"{_PATH}/undo", _SCOPE)

    def required(self, row: Question) -> Collection[str]:
        return ()

    def answer(self, row: ReviewRow, given: Undoing, recorded: dict[str, Any]) -> ReviewRow:
        from civicmail.city.conduct.actions import review_answers

        return review_answers.undo(row, **recorded)

    def message(self, row: Question, done: ScreenRow) -> str:
        return f"Taken back: {row.name} is open again."


class _OnPart[Given: Input, Done](Act[AskedPart, Given, Done]):
    def load(self, pk: int, *, actor: Actor, now: int) -> AskedPart:
        return _part_of(pk, actor, now)

    def is_hidden(self, row: AskedPart, actor: Actor, now: int) -> bool:
        return _is_hidden(row.about, actor, now)

    def resource(self, row: AskedPart, actor: Actor) -> Resource:
        return row.about


class KeepRest(_OnPart[Nothing, int]):
    """Keep all unremarkable access together, once nothing else is open in a part."""

    name, permission, input = "keep_rest", "review.decide", Nothing
    page = Page("reviews/parts/<int:pk>/rest/", "review-rest")
    operation = Operation("/reviews/parts/{int:id}/rest", _SCOPE)

    def perform(self, row: AskedPart, given: Nothing, *, actor: Actor, now: int) -> int:
        from civicmail.city.conduct.actions import review_answers

        return review_answers.keep_rest(row.part, actor=actor, now=now)

    def message(self, row: AskedPart, done: int) -> str:
        return f"Kept: {done}, of which nothing was out of order."


@dataclass(frozen=True, slots=True)
class AlikeRows:
    """Open rows of a part with the same exceptions. about: the part, with who may answer it now."""

    part: ReviewPart
    about: PartOfReview
    rows: Sequence[ReviewRow]


class AnswerAlike(Act[AlikeRows, AlikeAnswer, int]):
    """Answer rows together that are alike: with the same exceptions, and nothing changed since the last review. Not for roles."""

    name, permission, input = "answer_alike", "review.decide", AlikeAnswer
    page = Page("reviews/parts/<int:pk>/alike/<slug:exceptions>/", "review-alike")
    operation = Operation("/reviews/parts/{int:id}/alike/{slug:exceptions}", _SCOPE)

    def load(self, pk: int, exceptions: str, *, actor: Actor, now: int) -> AlikeRows:
        from civicmail.city.conduct.queries import reviewer_screen

        about = _part_of(pk, actor, now)
        return AlikeRows(about.part, about.about, reviewer_screen.alike_rows(about.part, exceptions.split("-"), actor.uid))

    def is_hidden(self, row: AlikeRows, actor: Actor, now: int) -> bool:
        return not row.rows or _is_hidden(row.about, actor, now)

    def resource(self, row: AlikeRows, actor: Actor) -> Resource:
        return row.about

    def choices(self, row: AlikeRows, actor: Actor) -> Mapping[str, Choices]:
        return {"rows": [(str(r.pk), f"{r.person}, {r.right.mailbox}") for r in row.rows if r.right]}

    def initial(self, row: AlikeRows) -> Mapping[str, Any]:
        return {"rows": [str(r.pk) for r in row.rows]}

    def perform(self, row: AlikeRows, given: AlikeAnswer, *, actor: Actor, now: int) -> int:
        from civicmail.city.conduct.actions import review_answers

        chosen = [r for r in row.rows if str(r.pk) in given.rows]
        return review_answers.answer_alike(chosen, given.answer, actor=actor, reason=given.reason, now=now)

    def message(self, row: AlikeRows, done: int) -> str:
        return f"Answered together: {done}."

    def form_page(self, row: AlikeRows) -> FormPage:
        from civicmail.city.conduct.actions.review_notices import name_of
        from civicmail.city.conduct.review_plans import EXCEPTIONS
        from civicmail.city.conduct.views.reviewer_screen import after

        back = after(row.part.department.code, row.part.review_id, None)
        words = ", ".join(EXCEPTIONS[e] for e in row.rows[0].exceptions)
        return FormPage(
            title=f"Answer {len(row.rows)} together: {words}", section=name_of(row.part.review), submit="Record the answer",
            back=back, crumbs=[("The review", back)],
            effects=[
                "End: sending and reading there stop at once. Mail is kept. This cannot be undone: access is asked for anew.",
                "Keep: access goes on for a year from today, or to the end of a contract. For five minutes it can be taken back.",
            ],
        )  # fmt: skip


class LetStandIn(_OnPart[StandIn, "ReviewPart"]):
    """Let another person answer until a day, at the latest the deadline; one stays accountable."""

    name, permission, input = "let_stand_in", "review.delegate", StandIn
    page = Page("reviews/parts/<int:pk>/stand-in/", "review-stand-in")
    operation = Operation("/reviews/parts/{int:id}/stand-in", _SCOPE)

    def perform(self, row: AskedPart, given: StandIn, *, actor: Actor, now: int) -> ReviewPart:
        from civicmail.city.conduct.actions import reassignment
        from civicmail.city.pages.forms import end_of_day

        return reassignment.delegate(row.part, given.to, end_of_day(given.day), actor=actor, reason=given.reason, now=now)

    def message(self, row: AskedPart, done: ReviewPart) -> str:
        return f"{done.delegate} stands in for you."

    def form_page(self, row: AskedPart) -> FormPage:
        from civicmail.city.conduct.actions.review_notices import name_of
        from civicmail.city.conduct.views.reviewer_screen import after

        back = after(row.part.department.code, row.part.review_id, None)
        return FormPage(
            title="Name a substitute", section=name_of(row.part.review), submit="Name 1 substitute", back=back,
            crumbs=[("The review", back)],
            effects=["That person answers beside you until that day, and cannot hand it on.", "You stay accountable."],
        )  # fmt: skip


def _part_of(pk: int, actor: Actor, now: int) -> AskedPart:
    from django.shortcuts import get_object_or_404

    from civicmail.city.conduct.models import ReviewPart
    from civicmail.city.conduct.queries import part_reviewers

    part = get_object_or_404(ReviewPart.objects.select_related("review", "department", "reviewer"), pk=pk)
    return AskedPart(part, part_reviewers.about(part, actor.uid, now))


def _is_hidden(about: PartOfReview, actor: Actor, now: int) -> bool:
    return not guard.may(actor, "review.see", about, now=now)


KEEP_ACCESS, END_REVIEWED_ACCESS, CHANGE_REVIEWED_ACCESS = KeepAccess(), EndReviewedAccess(), ChangeReviewedAccess()
HAND_ON_ROW, ASK_NEXT_HEAD, TAKE_ANSWER_BACK = HandOnRow(), AskNextHead(), TakeAnswerBack()
KEEP_REST, ANSWER_ALIKE, LET_STAND_IN = KeepRest(), AnswerAlike(), LetStandIn()
WITH_FORM: tuple[_OnRow[Any], ...] = (KEEP_ACCESS, END_REVIEWED_ACCESS, CHANGE_REVIEWED_ACCESS, HAND_ON_ROW, ASK_NEXT_HEAD)
ON_ROWS = (*WITH_FORM, TAKE_ANSWER_BACK)
