"""Access reviews: questions and answers, row by row (P-05; R1 to R7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.conduct import review_item_states, review_states
from civicmail.city.conduct.actions.review_notices import name_of
from civicmail.city.conduct.acts import review_answers
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.conduct.queries import reviewer_screen
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import may, me, require
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.conduct import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, shown_as, who


class ReviewLine(RowSchema):
    """A review in which a department was asked. open: how many of its rows nobody has answered."""

    id: int
    name: str
    tier: str
    state: Annotated[str, shown_as(review_states.WORDS)]
    started: datetime | None
    deadline: datetime | None
    open: int


class Row(RowSchema):
    """One question: does this person still need it? of: the mailbox or the role; says: what is out of order; why: as it was asked
    for; mine: whether I answer it; state: open, pending, done, suspended …; answer: keep, revoke or change."""

    id: int
    person: Who
    of: str
    why: str
    says: list[str]
    changed: bool
    until: datetime | None
    last_sent: date | None
    state: Annotated[str, shown_as(review_item_states.WORDS)]
    answer: str
    mine: bool


class OneReview(Schema):
    """rows: those whose turn it is, what is out of order first; total, open: of all that is asked here."""

    id: int
    name: str
    department: str
    state: Annotated[str, shown_as(review_states.WORDS)]
    deadline: datetime | None
    total: int
    open: int
    rows: list[Row]


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
        return ReviewLine.from_row(row, name=name_of(row), open=waits)

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
    return Row.from_row(
        line, id=row.pk, person=who(row.person), changed=row.changed, state=row.state, answer=row.answer, mine=mine and line.may
    )


for act in review_answers.ON_ROWS:
    act_operation(router, act, Row, lambda line: _row(line, mine=True))
