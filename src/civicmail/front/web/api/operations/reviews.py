"""Access reviews: questions and answers, row by row (P-05; R1 to R7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import end_of_day
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import hidden_unless, may, me, require
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct.actions import reassignment, review_answers
from civicmail.city.conduct.actions.review_notices import name_of
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.conduct.queries import part_reviewers, reviewer_screen
from civicmail.city.conduct.views import review_forms
from civicmail.city.conduct.views.review_answers import WITH
from civicmail.city.directory.models import Department
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.conduct import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, who

ROW = "/reviews/rows/{int:id}"


class ReviewLine(Schema):
    """A review in which a department was asked. open: how many of its rows nobody has answered."""

    id: int
    name: str
    tier: str
    state: str
    started: datetime | None
    deadline: datetime | None
    open: int


class Row(Schema):
    """One question: does this person still need it? of: the mailbox or the duty; says: what is out of order; why: as it was asked
    for; mine: whether I answer it; state: open, pending, done, suspended …; answer: keep, revoke or change."""

    id: int
    person: Who
    of: str
    why: str
    says: list[str]
    changed: bool
    until: datetime | None
    last_sent: date | None
    state: str
    answer: str
    mine: bool


class OneReview(Schema):
    """rows: those whose turn it is, what is out of order first; total, open: of all that is asked here."""

    id: int
    name: str
    department: str
    state: str
    deadline: datetime | None
    total: int
    open: int
    rows: list[Row]


class Answer(Schema):
    """state: of the row as it was seen; reason: needed for all but what is in order and kept."""

    reason: str = ""
    state: str = "open"


class AnswerUntil(Answer):
    """day: the last one."""

    day: date


class Elsewhere(Answer):
    """department: code of the one that answers."""

    department: str


@operation(
    router, "GET", "/departments/{slug:department}/reviews", act="roster.see", scope="read:conduct", page="dept-reviews",
    response=list[ReviewLine],
)  # fmt: skip
def list_reviews(request: Call, response: HttpResponse, department: str) -> list[ReviewLine]:
    """List reviews of a department, newest first."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))

    def line(row: Review) -> ReviewLine:
        waits = ReviewRow.objects.filter(review=row, part__department=where, state="open").count()
        return ReviewLine(
            id=row.pk, name=name_of(row), tier=row.tier, state=row.state, started=row.started, deadline=row.deadline, open=waits
        )

    return pagination.rows(request, response, Review.objects.filter(parts__department=where).distinct(), line, by="-pk")


@operation(
    router, "GET", "/departments/{slug:department}/reviews/{int:id}", act="review.see", scope="read:conduct",
    page="access-review", response=OneReview,
)  # fmt: skip
def read_review(request: Call, department: str, id: int) -> OneReview:
    """Read the questions about a department: at most fifty open rows at a time."""
    where, review, now = department_of(department), get_object_or_404(Review, pk=id), epoch_ms(request.now)
    about = InDepartment(where.code)
    looks = bool(may(request, "review.see", about))
    parts = reviewer_screen.visible(review, where, me(request), now, all_=looks)
    if not parts:
        if not looks:
            require(request, "review.see", about)
        raise Http404
    shown = reviewer_screen.screen(review, where, me(request), parts, now)
    return OneReview(
        id=review.pk, name=name_of(review), department=where.code, state=review.state, deadline=review.deadline,
        total=shown.total, open=shown.open, rows=[_row(line, mine=shown.mine) for line in [*shown.lines, *shown.answered]],
    )  # fmt: skip


def _row(line: reviewer_screen.ScreenRow, *, mine: bool) -> Row:
    row = line.row
    return Row(
        id=row.pk, person=who(row.person), of=line.of, why=line.why, says=line.says, changed=row.changed, until=line.until,
        last_sent=line.last_sent, state=row.state, answer=row.answer, mine=mine and line.may,
    )  # fmt: skip


def _answered(request: Call, id_: int, state: str, do: Callable[[ReviewRow], ReviewRow]) -> Row:
    """Do it with a row that is as it was seen, for whoever is asked about it."""
    row, now = get_object_or_404(ReviewRow.objects.select_related(*WITH), pk=id_), epoch_ms(request.now)
    about = part_reviewers.about_row(row, request.actor.uid, now)
    hidden_unless(request, "review.see", about)
    require(request, "review.decide", about)
    as_seen(request, row.state, state, "This row was answered meanwhile; read it again.")

    def answered() -> Row:
        made = ReviewRow.objects.select_related(*WITH, "by").get(pk=do(row).pk)
        return _row(reviewer_screen.screen_row(made, me(request), now), mine=True)

    return once(request, answered)


@operation(router, "POST", f"{ROW}/keep", act="review.decide", scope="write:conduct", page="review-keep", response=Row)
def keep_access(request: Call, id: int, body: Answer) -> Row:
    """Keep the access. Exceptions and roles need a reason."""
    return _answered(
        request, id, body.state,
        lambda row: review_answers.keep(row, actor=request.actor, now=epoch_ms(request.now), reason=body.reason),
    )  # fmt: skip


@operation(router, "POST", f"{ROW}/end", act="review.decide", scope="write:conduct", page="review-end", response=Row)
def end_reviewed_access(request: Call, id: int, body: Answer) -> Row:
    """End the access or role at once."""
    reason = request_bodies.checked(review_forms.Because(request_bodies.plain(body)))["reason"]
    return _answered(
        request,
        id,
        body.state,
        lambda row: review_answers.revoke(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)),
    )


@operation(router, "POST", f"{ROW}/change", act="review.decide", scope="write:conduct", page="review-change", response=Row)
def change_reviewed_access(request: Call, id: int, body: AnswerUntil) -> Row:
    """Change the end date."""
    c = request_bodies.checked(review_forms.ChangeEnd(request_bodies.plain(body)))
    until = end_of_day(c["day"])
    return _answered(
        request, id, body.state,
        lambda row: review_answers.change(row, until, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)),
    )  # fmt: skip


@operation(router, "POST", f"{ROW}/not-mine", act="review.decide", scope="write:conduct", page="review-not-mine", response=Row)
def hand_on_row(request: Call, id: int, body: Elsewhere) -> Row:
    """Reassign the row to another department."""
    c = request_bodies.checked(review_forms.NotMine(request_bodies.plain(body)))
    where = Department.objects.get(code=c["department"])
    return _answered(
        request, id, body.state,
        lambda row: reassignment.not_mine(row, where, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)),
    )  # fmt: skip


@operation(router, "POST", f"{ROW}/unsure", act="review.decide", scope="write:conduct", page="review-unsure", response=Row)
def ask_next_head(request: Call, id: int, body: Answer) -> Row:
    """Reassign the row to the next head."""
    reason = request_bodies.checked(review_forms.Unsure(request_bodies.plain(body)))["reason"]
    return _answered(
        request,
        id,
        body.state,
        lambda row: reassignment.dont_know(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)),
    )


@operation(router, "POST", f"{ROW}/undo", act="review.decide", scope="write:conduct", page="review-undo", response=Row)
def take_answer_back(request: Call, id: int, body: Answer) -> Row:
    """Withdraw a "keep" within five minutes, before it is carried out. state: pending."""
    return _answered(request, id, body.state, lambda row: review_answers.undo(row, actor=request.actor, now=epoch_ms(request.now)))
