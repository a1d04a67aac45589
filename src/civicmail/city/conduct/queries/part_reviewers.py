"""Who may answer a part of a review now, as resources for the guard (R5, R6, R7, R10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from civicmail.city.conduct.models import ReviewPart, ReviewRow
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.resources import PartOfReview, ReviewedRight


def of_part(part: ReviewPart, now: int) -> set[int]:
    """Ids of people: the reviewer until replaced, the current delegate, the next head who joined, and for a head's part the
    deputies."""
    people = set() if part.replaced is not None or part.reviewer_id is None else {part.reviewer_id}
    if part.joined_id is not None:
        people.add(part.joined_id)
    if part.delegate_id is not None and part.delegate_until is not None and from_ms(now) < part.delegate_until:
        people.add(part.delegate_id)
    if part.role == "head" and part.replaced is None:
        people |= {p.pk for p in part.department.deputies.all()}
    return people


def reminded_of(part: ReviewPart, now: int) -> set[int]:
    """Ids of people to remind: as of_part, but no deputies while the head can answer."""
    deputies = {p.pk for p in part.department.deputies.all()} if part.role == "head" else set()
    named = {part.reviewer_id, part.joined_id, part.delegate_id}
    return {p for p in of_part(part, now) if p not in deputies or p in named}


def uids_of(part: ReviewPart, now: int) -> set[str]:
    """The same people by uid, as the guard identifies them."""
    return set(Person.objects.filter(pk__in=of_part(part, now)).values_list("uid", flat=True))


def about(part: ReviewPart, uid: str, now: int) -> PartOfReview:
    """The resource of a part, for a decision of this person (uid)."""
    return PartOfReview(part.department.code, reviewer=uid if uid in uids_of(part, now) else "")


def about_row(row: ReviewRow, uid: str, now: int, uids: set[str] | None = None) -> ReviewedRight:
    """The resource of a row. uids: the possible reviewers of its part, if loaded already."""
    firsts = (row.approver.uid,) if row.approver is not None else ()
    reviewer = uid if uid in (uids_of(row.part, now) if uids is None else uids) else ""
    began = epoch_ms(row.review.started) if row.review.started is not None else 0
    return ReviewedRight(row.part.department.code, row.person.uid, reviewer=reviewer, first_actors=firsts, began_ms=began)


def parts_of(uid: str, now: int) -> QuerySet[ReviewPart]:
    """Parts of reviews that are not closed, which this person may answer now, in order."""
    at = from_ms(now)
    mine = Q(reviewer__uid=uid, replaced__isnull=True) | Q(joined__uid=uid) | Q(delegate__uid=uid, delegate_until__gt=at)
    mine |= Q(role="head", replaced__isnull=True, department__deputies__uid=uid)
    pending = Q(review__next__isnull=True) | Q(rows__state="suspended")  # a new round does not ask about these again
    rows = ReviewPart.objects.filter(mine, pending, review__state__in=["running", "over"])
    return rows.select_related("review", "department").order_by("review__deadline", "id").distinct()


def is_ahead(parts: Iterable[ReviewPart]) -> set[int]:
    """Ids of those parts whose turn has not come: an earlier one of the same reviewer has open rows (R2)."""
    waiting = [p for p in parts if p.turn > 0]
    if not waiting:
        return set()
    open_row = ReviewRow.objects.filter(part=OuterRef("pk"), state="open")
    before = ReviewPart.objects.filter(Exists(open_row), reviewer__in={p.reviewer_id for p in waiting})
    turns: dict[tuple[int, int | None], int] = {}
    for review, reviewer, turn in before.filter(review__in={p.review_id for p in waiting}).values_list(
        "review", "reviewer", "turn"
    ):
        key = (review, reviewer)
        turns[key] = min(turn, turns.get(key, turn))
    return {p.pk for p in waiting if turns.get((p.review_id, p.reviewer_id), p.turn) < p.turn}


def rows_to_answer(parts: Collection[ReviewPart], uid: str) -> QuerySet[ReviewRow]:
    """The rows of these parts that this person is asked about, answered or not: none about themselves, or of their own approval."""
    return ReviewRow.objects.filter(part__in=[p.pk for p in parts]).exclude(person__uid=uid).exclude(approver__uid=uid)


def open_rows(parts: Collection[ReviewPart]) -> dict[int, int]:
    """The number of open rows, by part."""
    counts: dict[int, int] = {}
    for part in ReviewRow.objects.filter(part__in=[p.pk for p in parts], state="open").values_list("part", flat=True):
        counts[part] = counts.get(part, 0) + 1
    return counts
