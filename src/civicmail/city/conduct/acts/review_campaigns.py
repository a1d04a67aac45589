"""Acts of the access office on access reviews: start, cancel, remind, ask again, decide on stopped rows (P-05; R1, R9-R12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicmail.city.conduct.review_plans import PLANS
from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Choices, Flag, Input, Nothing, Seen, Several, reason

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow
    from civicmail.city.directory.models import Department

_ROUTE, _PATH, _SCOPE = "access/campaigns/<int:pk>", "/campaigns/{int:id}", "write:reviews"
_READ_BY = "Whoever reads the evidence of this review reads it."


class NewReview(Input):
    """departments: codes, none for the whole city; reason: in at least ten characters."""

    tier = Choice(
        label="Which review?", radio=True,
        choices=[(tier, f"{plan.name}: {plan.what}") for tier, plan in PLANS.items() if tier != "micro"],
    )  # fmt: skip
    departments = Several(label="Only these departments", help="None chosen: the whole city.", required=False)
    reason = reason("Why now?", "", min_length=10)


class ReviewReason(Input):
    """reason: in at least ten characters."""

    reason = reason("Why?", _READ_BY, min_length=10)


class CancelReason(Input):
    """reason: in at least twenty characters."""

    reason = reason("Why?", f"At least 20 characters. {_READ_BY}")


class HeldBackAnswer(Input):
    """what: apply, which suspends a tenth of the department's people, or leave; essential: those behind essential mailboxes,
    too."""

    what = Choice(
        label="What becomes of them?", radio=True, missing="Choose one of the two.",
        choices=[
            ("apply", "Suspend a tenth of the department's people, of those held back"), ("leave", "Leave them as they are"),
        ],
    )  # fmt: skip
    essential = Flag(label="Those behind an essential mailbox, too")
    reason = reason("Why?", "")


class FailedRow(Input):
    """state: of the row as seen."""

    state = Seen(default="failed")


class _OfOffice[Row, Given: Input, Done](Act[Row, Given, Done]):
    permission = "review.run"


class StartCampaign(_OfOffice[None, NewReview, "Review"]):
    """Start an unscheduled access review; all reviewers are notified."""

    name, input = "start_campaign", NewReview
    page = Page("access/campaigns/new/", "campaign-new")
    operation = Operation("/campaigns", _SCOPE, status=201)
    command = Command("review start", positions=("tier",), options={"departments": "--department"}, personal=True)
    success_message = "The review has begun: everybody who is asked was written to."

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        return {"departments": list(Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name"))}

    def perform(self, given: NewReview, *, actor: Actor, now: int) -> Review:
        from civicmail.city.conduct.actions import review_schedule
        from civicmail.city.directory.models import Department

        departments = list(Department.objects.filter(code__in=given.departments))
        return review_schedule.start_now(given.tier, actor=actor, reason=given.reason, now=now, departments=departments)

    def line(self, row: None, done: Review) -> str:
        return f"Review {done.pk} has begun: {done.rows.count()} rows."

    def after(self, done: Review) -> str:
        return _url(done)

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("campaigns")
        return FormPage(
            title="New access review",
            section="Access office",
            submit="Start the review",
            back=back,
            crumbs=[("Access reviews", back)],
        )


class _OnReview[Given: Input, Done](_OfOffice["Review", Given, Done]):
    model, related = "conduct.Review", ("person",)

    def _page(self, row: Review, title: str, submit: str, effect: str) -> FormPage:
        from civicmail.city.conduct.actions.review_notices import name_of

        back = _url(row)
        return FormPage(
            title=title, section=name_of(row), submit=submit, back=back, crumbs=[("The review", back)], effects=[effect]
        )


class _ToReview[Given: Input](_OnReview[Given, "Review"]):
    def after(self, done: Review) -> str:
        return _url(done)


class StartCampaignEarly(_ToReview[ReviewReason]):
    """Start a planned review today."""

    name, input = "start_campaign_early", ReviewReason
    page = Page(f"{_ROUTE}/start/", "campaign-start")
    operation = Operation(f"{_PATH}/start", _SCOPE)
    success_message = "The review has begun."

    def perform(self, row: Review, given: ReviewReason, *, actor: Actor, now: int) -> Review:
        from civicmail.city.conduct.actions import review_schedule

        return review_schedule.start_early(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: Review) -> FormPage:
        from civicmail.city.conduct.actions.review_notices import name_of

        effect = "Everybody who is asked is written to today. It has fourteen days."
        return self._page(row, f"Start “{name_of(row)}” now?", "Start 1 review", effect)


class CallOffCampaign(_ToReview[CancelReason]):
    """Cancel a planned review."""

    name, input = "call_off_campaign", CancelReason
    page = Page(f"{_ROUTE}/call-off/", "campaign-call-off")
    operation = Operation(f"{_PATH}/call-off", _SCOPE)
    success_message = "The review is called off."

    def perform(self, row: Review, given: CancelReason, *, actor: Actor, now: int) -> Review:
        from civicmail.city.conduct.actions import review_schedule

        return review_schedule.call_off(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: Review) -> FormPage:
        from civicmail.city.conduct.actions.review_notices import name_of

        effect = "Nobody is asked this time. The next one of its kind takes place."
        return self._page(row, f"Call off “{name_of(row)}”?", "Call off 1 review", effect)


class BeginRound(_ToReview[ReviewReason]):
    """Ask again, after the deadline, about open rows."""

    name, input = "begin_round", ReviewReason
    page = Page(f"{_ROUTE}/round/", "campaign-round")
    operation = Operation(f"{_PATH}/round", _SCOPE, status=201)
    success_message = "The new round has begun."

    def perform(self, row: Review, given: ReviewReason, *, actor: Actor, now: int) -> Review:
        from civicmail.city.conduct.actions import review_schedule

        return review_schedule.next_round(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: Review) -> FormPage:
        from civicmail.city.conduct.models import ReviewRow
        from civicmail.city.conduct.review_item_states import UNANSWERED

        count = ReviewRow.objects.filter(review=row, state__in=UNANSWERED).count()
        rows = "1 open row is" if count == 1 else f"{count} open rows are"
        effect = f"{rows} asked again, with a deadline of the new round. The old deadline stays as it was."
        return self._page(row, "Begin a new round?", "Begin a new round", effect)


class RemindCampaign(_OnReview[ReviewReason, int]):
    """Remind reviewers with open rows, once a day."""

    name, input = "remind_campaign", ReviewReason
    page = Page(f"{_ROUTE}/remind/", "campaign-remind")
    operation = Operation(f"{_PATH}/remind", _SCOPE)
    success_message = "They were reminded."

    def perform(self, row: Review, given: ReviewReason, *, actor: Actor, now: int) -> int:
        from civicmail.city.conduct.actions import running_reviews

        return running_reviews.remind(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: Review) -> FormPage:
        from civicmail.city.conduct.actions import reminders
        from civicmail.core.config.clock import now_ms

        people = len(reminders.waiting([row], now_ms()))
        whom, are = ("1 person", "is") if people == 1 else (f"{people} people", "are")
        return self._page(row, f"Remind {whom}?", f"Remind {whom}", f"{whom} with open rows {are} written to, and nobody else.")


class RemindReviewer(_OfOffice["ReviewPart", Nothing, int]):
    """Remind who answers one part of a review, once a day."""

    name, input, model, related = "remind_reviewer", Nothing, "conduct.ReviewPart", ("review", "department")
    page = Page("access/campaigns/parts/<int:pk>/remind/", "campaign-remind-one")
    operation = Operation("/campaigns/parts/{int:id}/remind", _SCOPE)

    def perform(self, row: ReviewPart, given: Nothing, *, actor: Actor, now: int) -> int:
        from civicmail.city.conduct.actions import running_reviews

        return running_reviews.remind_reviewer(row, actor=actor, now=now)

    def message(self, row: ReviewPart, done: int) -> str:
        return f"Reminded for {row.department}: {'1 person' if done == 1 else f'{done} people'}."

    def button_page(self, row: ReviewPart) -> str:
        return _url(row.review)


@dataclass(frozen=True, slots=True)
class HeldBackRows:
    """The rows of a department that the circuit breaker stopped."""

    review: Review
    department: Department


class AnswerHeldBack(_OfOffice[HeldBackRows, HeldBackAnswer, tuple[str, int]]):
    """Suspend some of the access that the circuit breaker holds back, or leave it."""

    name, input = "answer_held_back", HeldBackAnswer
    page = Page(f"{_ROUTE}/held-back/<slug:department>/", "campaign-batch")
    operation = Operation(f"{_PATH}/held-back/{{slug:department}}", _SCOPE)

    def load(self, pk: int, department: str, *, actor: Actor, now: int) -> HeldBackRows:
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.models import Review
        from civicmail.city.directory.models import Department

        return HeldBackRows(get_object_or_404(Review, pk=pk), get_object_or_404(Department, code=department))

    def perform(self, row: HeldBackRows, given: HeldBackAnswer, *, actor: Actor, now: int) -> tuple[str, int]:
        from civicmail.city.conduct.actions import non_response

        common: dict[str, Any] = {"actor": actor, "reason": given.reason, "now": now}
        if given.what == "leave":
            return "Left as they were", non_response.leave(row.review, row.department, **common)
        return "Suspended", non_response.apply_batch(row.review, row.department, essential=given.essential, **common)

    def message(self, row: HeldBackRows, done: tuple[str, int]) -> str:
        return f"{done[0]}: {done[1]}."

    def form_page(self, row: HeldBackRows) -> FormPage:
        from civicmail.city.conduct.actions.review_notices import name_of
        from civicmail.city.conduct.queries import reviews

        back, count = _url(row.review), reviews.held_back(row.review).get(row.department.code, 0)
        return FormPage(
            title=f"{row.department.name}: {count} held back", section=name_of(row.review), submit="Answer for them", back=back,
            crumbs=[("The review", back)], stays=["No mail is deleted."],
            effects=["Suspended: sending stops; it ends after fourteen days without an answer."],
        )  # fmt: skip


class RetryRow(_OfOffice["ReviewRow", FailedRow, "ReviewRow"]):
    """Retry what could not be carried out."""

    name, input, model = "retry_row", FailedRow, "conduct.ReviewRow"
    page = Page("access/campaigns/rows/<int:pk>/retry/", "campaign-retry")
    operation = Operation("/campaigns/rows/{int:id}/retry", _SCOPE)

    def perform(self, row: ReviewRow, given: FailedRow, *, actor: Actor, now: int) -> ReviewRow:
        from civicmail.city.conduct.actions import running_reviews

        return running_reviews.retry(row, actor=actor, now=now)

    def is_success(self, done: ReviewRow) -> bool:
        return done.state != "failed"

    def message(self, row: ReviewRow, done: ReviewRow) -> str:
        if done.state == "failed":
            return "It failed again; the row says why."
        return "It is carried out, and checked within a minute."

    def button_page(self, row: ReviewRow) -> str:
        return _url(row.review)


def _url(review: Review) -> str:
    from django.urls import reverse

    return reverse("campaign", args=[review.pk])


START_CAMPAIGN, START_CAMPAIGN_EARLY, CALL_OFF_CAMPAIGN = StartCampaign(), StartCampaignEarly(), CallOffCampaign()
BEGIN_ROUND, REMIND_CAMPAIGN, REMIND_REVIEWER = BeginRound(), RemindCampaign(), RemindReviewer()
ANSWER_HELD_BACK, RETRY_ROW = AnswerHeldBack(), RetryRow()
WITH_REVIEW = (START_CAMPAIGN, START_CAMPAIGN_EARLY, CALL_OFF_CAMPAIGN, BEGIN_ROUND)
"""After them there is a review to look at."""
ACTS: tuple[Act[Any, Any, Any], ...] = (*WITH_REVIEW, REMIND_CAMPAIGN, REMIND_REVIEWER, ANSWER_HELD_BACK, RETRY_ROW)
