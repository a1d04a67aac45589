"""Access reviews: plan, start, remind, call off, held-back suspensions, evidence (R1, R9 to R14).

Reviews begin and end by date; nobody ends one by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.conduct import review_item_states, review_states
from civicmail.city.conduct.actions.review_notices import name_of
from civicmail.city.conduct.acts import review_campaigns
from civicmail.city.conduct.acts.essential_mailboxes import MARK_ESSENTIAL, UNMARK_ESSENTIAL
from civicmail.city.conduct.acts.review_answers import ANSWER_ALIKE, KEEP_REST, LET_STAND_IN
from civicmail.city.conduct.lists.essential_mailboxes import ESSENTIAL_MAILBOXES
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.conduct.queries import review_evidence, reviews
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations.conduct import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, maybe, shown_as

ONE = "/campaigns/{int:id}"


class Campaign(RowSchema):
    """A review of the whole city or of some departments. tier: which; cause, person: of a review of one person; state: planned,
    running, over, closed or off; rows: how many are in each state; round: 2 and on asks again what former left open."""

    id: int
    name: str
    tier: str
    cause: str
    person: Who | None
    state: Annotated[str, shown_as(review_states.WORDS)]
    planned: date
    started: datetime | None
    deadline: datetime | None
    closed: datetime | None
    round: int
    former: int | None
    rows: dict[str, int]


class CampaignPart(RowSchema):
    """What one reviewer is asked about one department. fastest: the most keeps of a minute."""

    id: int
    department: str
    reviewer: Who | None
    joined: Who | None
    delegate: Who | None
    rows: int
    open: int
    answered: int
    fastest: int


class Failed(RowSchema):
    """A row that could not be carried out."""

    id: int
    person: Who | None
    department: str


class OneCampaign(Campaign):
    """held_back: rows that the breaker holds back, by department."""

    parts: list[CampaignPart]
    held_back: dict[str, int]
    failed: list[Failed]


class Count(Schema):
    """Of people or rows."""

    count: int


class RowState(Schema):
    """state: done, or failed again."""

    id: int
    state: Annotated[str, shown_as(review_item_states.WORDS)]


class Delegated(Schema):
    """Who answers beside the reviewer, and until when."""

    id: int
    delegate: Who | None
    until: datetime | None


@operation(router, "GET", "/campaigns", act="reviews.see", scope="read:conduct", page="campaigns", response=list[Campaign])
def list_campaigns(request: Call, response: HttpResponse) -> list[Campaign]:
    """List access reviews, including planned ones, newest first."""
    require(request, "reviews.see")
    rows: list[Review] = pagination.rows(request, response, Review.objects.select_related("person"), lambda r: r, by="-pk")
    counts = reviews.states_of([r.pk for r in rows])
    return [_line(r, counts.get(r.pk, {})) for r in rows]


@operation(router, "GET", ONE, act="reviews.see", scope="read:conduct", page="campaign", response=OneCampaign)
def read_campaign(request: Call, id: int) -> OneCampaign:
    """Read an access review: reviewers, progress, effects of non-response."""
    require(request, "reviews.see")
    return _whole(_review(id))


def _review(id_: int) -> Review:
    return get_object_or_404(Review.objects.select_related("person"), pk=id_)


def _line(r: Review, counts: Mapping[str, int]) -> Campaign:
    return Campaign.from_row(r, name=name_of(r), former=r.former_id, rows=dict(counts))


def _whole(r: Review) -> OneCampaign:
    parts = [
        CampaignPart.from_row(s.part, rows=s.rows, open=s.open, answered=s.answered, fastest=s.fastest)
        for s in reviews.standings(r)
    ]
    failed = ReviewRow.objects.filter(review=r, state="failed").select_related("person", "department").order_by("id")[:200]
    broken = [Failed.from_row(f) for f in failed]
    counts: Mapping[str, int] = reviews.states_of([r.pk]).get(r.pk, {})
    return OneCampaign(**dict(_line(r, counts)), parts=parts, held_back=reviews.held_back(r), failed=broken)


@operation(router, "GET", f"{ONE}/pack", act="reviews.see", scope="read:conduct", page="campaign-pack")
def read_campaign_pack(request: Call, id: int) -> HttpResponseBase:
    """Download the evidence (application/zip), with proofs of its audit entries once the ledger is signed."""
    require(request, "reviews.see")
    review = get_object_or_404(Review, pk=id, started__isnull=False)
    response = HttpResponse(review_evidence.file(review, data_folder(), settings.CITY.city.name), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="review-{review.pk}.zip"'
    return response


def _after(done: Review) -> OneCampaign:
    return _whole(_review(done.pk))


for act in review_campaigns.WITH_REVIEW:
    act_operation(router, act, OneCampaign, _after)
act_operation(router, review_campaigns.REMIND_CAMPAIGN, Count, lambda count: Count(count=count))
act_operation(router, review_campaigns.REMIND_REVIEWER, Count, lambda count: Count(count=count))
act_operation(router, review_campaigns.ANSWER_HELD_BACK, Count, lambda done: Count(count=done[1]))
act_operation(router, review_campaigns.RETRY_ROW, RowState, lambda row: RowState(id=row.pk, state=row.state))


# -- mailboxes that silence never shuts

ESSENTIAL_ROW = list_operation(router, ESSENTIAL_MAILBOXES)


act_operation(router, MARK_ESSENTIAL, ESSENTIAL_ROW.schema, ESSENTIAL_ROW)
act_operation(router, UNMARK_ESSENTIAL, ESSENTIAL_ROW.schema, ESSENTIAL_ROW)


# -- what a reviewer does with all rows of theirs


act_operation(router, KEEP_REST, Count, lambda count: Count(count=count))
act_operation(router, ANSWER_ALIKE, Count, lambda count: Count(count=count))
act_operation(
    router,
    LET_STAND_IN,
    Delegated,
    lambda part: Delegated(id=part.pk, delegate=maybe(part.delegate), until=part.delegate_until),
)
