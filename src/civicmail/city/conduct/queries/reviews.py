"""Reads of reviews for pages and other rooms: open items of a person, answers of a department, progress of a review (P-05)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from civicmail.city.conduct.actions.review_notices import last_day, name_of
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow
from civicmail.city.conduct.queries import part_reviewers
from civicmail.city.conduct.queries.review_evidence import speeds
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages import wording

SOON = 3
"""Days before the deadline from which on a task is urgent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open rows of one review in one department for one person. exceptions: how many have exceptions; total: with answered ones;
    late: the deadline has passed, and an answer still counts."""

    review: Review
    department: str
    department_name: str
    open: int
    exceptions: int
    total: int
    due: date
    late: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers of a department to reviews that began in a period. late: answered after the deadline; silent: never answered;
    suspended: by non-response, and not answered since; ended: by non-response; stopped: by the breaker."""

    asked: int = 0
    open: int = 0
    kept: int = 0
    revoked: int = 0
    changed: int = 0
    late: int = 0
    silent: int = 0
    suspended: int = 0
    ended: int = 0
    stopped: int = 0
    moot: int = 0
    failed: int = 0


def waiting_for(uid: str, now: int) -> list[Waiting]:
    """Open rows of a person now, the most urgent first, without parts whose turn has not come and without their own rows.
    A fixed number of queries."""
    parts = list(part_reviewers.parts_of(uid, now))
    ahead = part_reviewers.is_ahead(parts)
    mine = {p.pk: p for p in parts if p.pk not in ahead}
    rows = part_reviewers.rows_to_answer(list(mine.values()), uid)
    by_place: dict[tuple[int, int, bool], list[list[str]]] = {}
    totals: Counter[tuple[int, int]] = Counter()
    for part, state, exceptions in rows.order_by("id").values_list("part", "state", "exceptions"):
        p = mine[part]
        totals[p.review_id, p.department_id] += 1
        if state not in ("open", "suspended"):
            continue
        if state == "suspended" or p.review.state == "running":
            by_place.setdefault((p.review_id, p.department_id, state == "suspended"), []).append(exceptions)
    by_key = {(p.review_id, p.department_id): p for p in mine.values()}
    made = []
    for (review, department, late), exceptions in by_place.items():
        p = by_key[review, department]
        bad = sum(bool(e) for e in exceptions)
        total = totals[review, department]
        made.append(Waiting(p.review, p.department.code, p.department.name, len(exceptions), bad, total, last_day(p.review), late))
    return sorted(made, key=lambda w: (w.due, w.review.pk, w.department))


def of_departments(codes: Collection[str], since: datetime, until: datetime) -> Counts:
    """Answers of these departments together, in a period (since included, until not). One query."""
    rows = ReviewRow.objects.filter(department__code__in=codes, review__started__gte=since, review__started__lt=until)
    counted: Counter[str] = Counter()
    for state, answer, late in rows.order_by().values_list("state", "answer", "late"):
        counted["asked"] += 1
        counted["late"] += bool(late)
        counted[state] += 1
        if state in ("pending", "done", "verified", "failed"):
            counted[{"keep": "kept", "revoke": "revoked", "change": "changed", "lapse": "ended"}.get(answer, "")] += 1
    names = ("asked", "open", "kept", "revoked", "changed", "late", "silent", "ended", "stopped", "moot", "failed")
    return Counts(suspended=counted["suspended"] + counted["suspending"], **{name: counted[name] for name in names})


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """Tasks of reviewers, and of the access office. A fixed number of queries."""
    mine = [_task(w, now) for w in waiting_for(actor.uid, now)] if actor.admitted and actor.uid else []
    groups = [Tasks(gettext("Access reviews"), mine)]
    if actor.holds("access-officer"):
        groups.append(Tasks(gettext("Access office"), _office()))
    return groups


def _task(w: Waiting, now: int) -> Task:
    where = gettext("{department}: answer the access review").format(department=w.department_name)
    words = ngettext("{count} open", "{count} open", w.open).format(count=w.open)
    answered = w.total - w.open
    hint = gettext("{name}, by {day}: {done} of {total} answered.").format(
        name=name_of(w.review), day=wording.day(w.due), done=answered, total=w.total
    )
    if w.late:
        where = gettext("{department}: say what becomes of suspended access").format(department=w.department_name)
        hint = gettext("Nobody answered in time. Without an answer it ends two weeks after that.")
    left = (w.due - timezone.localdate(from_ms(now))).days
    role = "stop" if w.late else "warn" if left <= SOON else "wait"
    return Task(
        where, "access-review", (w.department, w.review.pk), hint, (role, words), w.review.started, "", w.due, answered, w.total
    )


def _office() -> list[Task]:
    """Rows that the circuit breaker stopped, that failed, or that have no reviewer."""
    rows = ReviewRow.objects.filter(review__state__in=["running", "over"])
    blocked = rows.filter(Q(state__in=["stopped", "failed"]) | Q(state="open", part__reviewer__isnull=True))
    counted = Counter(
        ("nobody" if state == "open" else state, review) for state, review in blocked.order_by().values_list("state", "review")
    )
    words = {
        "stopped": (gettext("Apply or leave what a review held back"), "stop"),
        "failed": (gettext("See what a review could not carry out"), "stop"),
        "nobody": (gettext("Name a person who can answer a review"), "warn"),
    }
    tasks_ = []
    for what, (label, role) in words.items():
        reviews = {review: n for (kind, review), n in counted.items() if kind == what}
        for review, n in sorted(reviews.items()):
            tasks_.append(
                Task(label, "campaign", (review,), "", (role, ngettext("{count} row", "{count} rows", n).format(count=n)))
            )
    return tasks_


@dataclass(frozen=True, slots=True)
class Standing:
    """Progress of one part. fastest: the highest number of keeps within a minute of its reviewer; reminded: the day of the last
    reminder."""

    part: ReviewPart
    rows: int
    open: int
    answered: int
    fastest: int = 0
    reminded: date | None = None


def standings(review: Review) -> list[Standing]:
    """Each part of a review, those with the most open rows first. Three queries."""
    rows = list(ReviewRow.objects.filter(review=review).select_related("by").defer("asked").order_by("id"))
    fast = speeds(rows)
    counted: dict[int, Counter[str]] = {}
    for r in rows:
        counts = counted.setdefault(r.part_id, Counter())
        counts["rows"] += 1
        counts["open"] += r.state == "open"
        counts["answered"] += r.by_id is not None
    parts = ReviewPart.objects.filter(review=review).select_related("department", "reviewer", "joined", "delegate").order_by("id")
    reminded: dict[int | None, date] = {}
    for part, at in review.steps.filter(step="reminded").exclude(to="").order_by("at").values_list("part", "at"):
        reminded[part] = timezone.localdate(at)
    unsorted = [_standing(p, counted.get(p.pk, Counter()), fast, reminded) for p in parts]
    return sorted(unsorted, key=lambda s: (-s.open, s.part.pk))


def _standing(part: ReviewPart, counts: Counter[str], fast: dict[str, int], reminded: dict[int | None, date]) -> Standing:
    """reminded: by part; None for everybody."""
    last = max((reminded[of] for of in (part.pk, None) if of in reminded), default=None)
    fastest = fast.get(part.reviewer.uid, 0) if part.reviewer else 0
    return Standing(part, counts["rows"], counts["open"], counts["answered"], fastest, last)


def states_of(reviews: Collection[int], department: str = "") -> dict[int, Counter[str]]:
    """Numbers of rows by state, by review; department: only rows asked there (code)."""
    rows = ReviewRow.objects.filter(review__in=reviews)
    rows = rows.filter(part__department__code=department) if department else rows
    by_review: dict[int, Counter[str]] = {}
    for review, state, n in rows.order_by().values("review", "state").annotate(n=Count("id")).values_list("review", "state", "n"):
        by_review.setdefault(review, Counter())[state] = n
    return by_review


def held_back(review: Review) -> dict[str, int]:
    """Numbers of rows that the breaker stopped, by code of the department."""
    rows = ReviewRow.objects.filter(review=review, state="stopped").order_by().values_list("department__code", flat=True)
    return dict(Counter(rows))
