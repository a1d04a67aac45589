"""Access reviews: plan, start, remind, call off, held-back suspensions, evidence (R1, R9 to R14).

Reviews begin and end by date; nobody ends one by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.actions.publishing import data_folder
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.views.city_request import require
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct.actions import essential_mailboxes as marks
from civicmail.city.conduct.actions import non_response, review_schedule, running_reviews
from civicmail.city.conduct.actions.review_notices import name_of
from civicmail.city.conduct.acts.review_answers import KEEP_REST, LET_STAND_IN
from civicmail.city.conduct.models import Essential, Review, ReviewRow
from civicmail.city.conduct.queries import review_evidence, reviews
from civicmail.city.conduct.views import review_forms
from civicmail.city.directory.models import Department
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.conduct import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe

ONE = "/campaigns/{int:id}"


class Campaign(Schema):
    """A review of the whole city or of some departments. tier: which; cause, person: of a review of one person; state: planned,
    running, over, closed or off; rows: how many are in each state; round: 2 and on asks again what former left open."""

    id: int
    name: str
    tier: str
    cause: str
    person: Who | None
    state: str
    planned: date
    started: datetime | None
    deadline: datetime | None
    closed: datetime | None
    round: int
    former: int | None
    rows: dict[str, int]


class CampaignPart(Schema):
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


class Failed(Schema):
    """A row that could not be carried out."""

    id: int
    person: Who | None
    department: str


class OneCampaign(Campaign):
    """held_back: rows that the breaker holds back, by department."""

    parts: list[CampaignPart]
    held_back: dict[str, int]
    failed: list[Failed]


class Starting(Schema):
    """departments: codes, none for the whole city; reason: in at least ten characters."""

    tier: str
    departments: tuple[str, ...] = ()
    reason: str


class Why(Schema):
    """reason: in at least ten characters."""

    reason: str


class CallingOff(request_bodies.Because):
    """The next one of its kind takes place."""


class HeldBack(request_bodies.Because):
    """what: apply, which suspends a tenth of the department's people, or leave; essential: those behind essential mailboxes,
    too."""

    what: str
    essential: bool = False


class Count(Schema):
    """Of people or rows."""

    count: int


class RowSeen(Schema):
    """state: of the row as it was seen."""

    state: str = "failed"


class RowState(Schema):
    """state: done, or failed again."""

    id: int
    state: str


class EssentialBox(Schema):
    """A mailbox that silence never shuts."""

    id: int
    mailbox: str
    reason: str
    since: datetime


class Marking(Why):
    """address: of a mailbox in use."""

    address: str


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
    return [Campaign(**_plain(r, counts.get(r.pk, {}))) for r in rows]


@operation(router, "GET", ONE, act="reviews.see", scope="read:conduct", page="campaign", response=OneCampaign)
def read_campaign(request: Call, id: int) -> OneCampaign:
    """Read an access review: reviewers, progress, effects of non-response."""
    require(request, "reviews.see")
    return _whole(_review(id))


def _review(id_: int) -> Review:
    return get_object_or_404(Review.objects.select_related("person"), pk=id_)


def _plain(r: Review, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": r.pk, "name": name_of(r), "tier": r.tier, "cause": r.cause, "person": maybe(r.person), "state": r.state,
        "planned": r.planned, "started": r.started, "deadline": r.deadline, "closed": r.closed, "round": r.round,
        "former": r.former_id, "rows": dict(counts),
    }  # fmt: skip


def _whole(r: Review) -> OneCampaign:
    parts = [
        CampaignPart(
            id=s.part.pk, department=s.part.department.code, reviewer=maybe(s.part.reviewer), joined=maybe(s.part.joined),
            delegate=maybe(s.part.delegate), rows=s.rows, open=s.open, answered=s.answered, fastest=s.fastest,
        )
        for s in reviews.standings(r)
    ]  # fmt: skip
    failed = ReviewRow.objects.filter(review=r, state="failed").select_related("person", "department").order_by("id")[:200]
    broken = [Failed(id=f.pk, person=maybe(f.person), department=f.department.code) for f in failed]
    counts: Mapping[str, int] = reviews.states_of([r.pk]).get(r.pk, {})
    return OneCampaign(**_plain(r, counts), parts=parts, held_back=reviews.held_back(r), failed=broken)


@operation(router, "GET", f"{ONE}/pack", act="reviews.see", scope="read:conduct", page="campaign-pack")
def read_campaign_pack(request: Call, id: int) -> HttpResponseBase:
    """Download the evidence (application/zip), with proofs of its audit entries once the ledger is signed."""
    require(request, "reviews.see")
    review = get_object_or_404(Review, pk=id, started__isnull=False)
    response = HttpResponse(review_evidence.file(review, data_folder(), settings.CITY.city.name), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="review-{review.pk}.zip"'
    return response


@operation(
    router, "POST", "/campaigns", act="review.run", scope="write:reviews", page="campaign-new", response=OneCampaign, status=201
)
def start_campaign(request: Call, body: Starting) -> OneCampaign:
    """Start an unscheduled access review; all reviewers are notified."""
    require(request, "review.run")
    c = request_bodies.checked(review_forms.Start(body.model_dump()))
    where = list(Department.objects.filter(code__in=c["departments"]))

    def do() -> OneCampaign:
        made = review_schedule.start_now(
            c["tier"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now), departments=where
        )
        return _whole(_review(made.pk))

    return once(request, do)


def _run(request: Call, id_: int, reason: str, verb: Callable[..., Review]) -> OneCampaign:
    row = _review(id_)

    def do() -> OneCampaign:
        return _whole(_review(verb(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)).pk))

    return once(request, do)


@operation(router, "POST", f"{ONE}/start", act="review.run", scope="write:reviews", page="campaign-start", response=OneCampaign)
def start_campaign_early(request: Call, id: int, body: Why) -> OneCampaign:
    """Start a planned review today."""
    require(request, "review.run")
    return _run(request, id, _reason(body), review_schedule.start_early)


@operation(
    router, "POST", f"{ONE}/call-off", act="review.run", scope="write:reviews", page="campaign-call-off", response=OneCampaign
)
def call_off_campaign(request: Call, id: int, body: CallingOff) -> OneCampaign:
    """Cancel a planned review."""
    require(request, "review.run")
    return _run(request, id, _reason(body), review_schedule.call_off)


@operation(
    router, "POST", f"{ONE}/round", act="review.run", scope="write:reviews", page="campaign-round", response=OneCampaign, status=201
)
def begin_round(request: Call, id: int, body: Why) -> OneCampaign:
    """Ask again, after the deadline, about open rows."""
    require(request, "review.run")
    return _run(request, id, _reason(body), review_schedule.next_round)


@operation(router, "POST", f"{ONE}/remind", act="review.run", scope="write:reviews", page="campaign-remind", response=Count)
def remind_campaign(request: Call, id: int, body: Why) -> Count:
    """Remind reviewers with open rows, once a day."""
    require(request, "review.run")
    row, reason = _review(id), _reason(body)
    return once(
        request, lambda: Count(count=running_reviews.remind(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)))
    )


@operation(
    router, "POST", f"{ONE}/held-back/{{slug:department}}", act="review.run", scope="write:reviews", page="campaign-batch",
    response=Count,
)  # fmt: skip
def answer_held_back(request: Call, id: int, department: str, body: HeldBack) -> Count:
    """Suspend some of the access that the circuit breaker holds back, or leave it."""
    require(request, "review.run")
    row, where = _review(id), department_of(department)
    c = request_bodies.checked(review_forms.Batch(request_bodies.plain(body)))

    def do() -> Count:
        common: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
        if c["what"] == "leave":
            return Count(count=non_response.leave(row, where, **common))
        return Count(count=non_response.apply_batch(row, where, essential=c["essential"], **common))

    return once(request, do)


@operation(
    router, "POST", "/campaigns/rows/{int:id}/retry", act="review.run", scope="write:reviews", page="campaign-retry",
    response=RowState,
)  # fmt: skip
def retry_row(request: Call, id: int, body: RowSeen) -> RowState:
    """Retry what could not be carried out."""
    require(request, "review.run")
    row = get_object_or_404(ReviewRow, pk=id)
    as_seen(request, row.state, body.state, "This row has gone on meanwhile; read the review again.")
    return once(request, lambda: RowState(id=id, state=running_reviews.retry(row, actor=request.actor, now=epoch_ms(request.now))))


def _reason(body: Schema) -> str:
    reason: str = request_bodies.checked(review_forms.Because(request_bodies.plain(body)))["reason"]
    return reason


# -- mailboxes that silence never shuts


@operation(router, "GET", "/essential", act="reviews.see", scope="read:conduct", page="essential", response=list[EssentialBox])
def list_essential(request: Call, response: HttpResponse) -> list[EssentialBox]:
    """List essential mailboxes, newest first."""
    require(request, "reviews.see")
    rows = Essential.objects.filter(ended__isnull=True).select_related("mailbox")
    return pagination.rows(request, response, rows, _essential, by="-pk")


@operation(
    router, "POST", "/essential", act="review.run", scope="write:reviews", page="essential-new", response=EssentialBox, status=201
)
def mark_essential(request: Call, body: Marking) -> EssentialBox:
    """Mark a mailbox as essential."""
    require(request, "review.run")
    c = request_bodies.checked(review_forms.MarkEssential(request_bodies.plain(body)))

    def do() -> EssentialBox:
        return _essential(marks.mark(c["address"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)))

    return once(request, do)


@operation(
    router, "POST", "/essential/{int:id}/end", act="review.run", scope="write:reviews", page="essential-end", response=EssentialBox
)
def unmark_essential(request: Call, id: int, body: Why) -> EssentialBox:
    """Remove the mark."""
    require(request, "review.run")
    row, reason = get_object_or_404(Essential.objects.select_related("mailbox"), pk=id), _reason(body)

    def do() -> EssentialBox:
        marks.unmark(row, actor=request.actor, reason=reason, now=epoch_ms(request.now))
        return _essential(row)

    return once(request, do)


def _essential(row: Essential) -> EssentialBox:
    return EssentialBox(id=row.pk, mailbox=row.mailbox.address, reason=row.reason, since=row.at)


# -- what a reviewer does with all rows of theirs


act_operation(router, KEEP_REST, Count, lambda count: Count(count=count))
act_operation(
    router,
    LET_STAND_IN,
    Delegated,
    lambda part: Delegated(id=part.pk, delegate=maybe(part.delegate), until=part.delegate_until),
)
