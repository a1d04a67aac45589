"""The rows that a reviewer sees: at most fifty at a time, exceptions first, in a fixed number of queries (R2, R3, R4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date

from civicmail.city.conduct.actions.review_answers import may_undo
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow
from civicmail.city.conduct.queries import part_reviewers
from civicmail.city.conduct.review_item_states import ANSWERS, WORDS
from civicmail.city.conduct.review_plans import EXCEPTIONS, MAX_ROWS
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries import usage
from civicmail.city.pages import wording


@dataclass(slots=True)
class ScreenRow:
    """One row as it is displayed. says: its exceptions in words; may: whether this person may answer it; last_sent: of a role, its
    last activation; evidence: of use, None for a role; behind: id of the next row."""

    row: ReviewRow
    facts: dict[str, Any]
    says: list[str]
    state: tuple[str, str]
    answered: str = ""
    may: bool = False
    undo: bool = False
    until: Any = None
    last_sent: Any = None
    evidence: usage.Evidence | None = None
    approved: Any = None
    behind: int = 0

    @property
    def of(self) -> str:
        """The mailbox or the role."""
        return str(self.facts.get("mailbox") or self.facts.get("duty_name", ""))

    @property
    def says_since(self) -> bool:
        """Whether an exception says since when access was never used."""
        return not NEVER_USED.isdisjoint(self.row.exceptions)

    @property
    def why(self) -> str:
        """The first of the four reasons, or why a role was granted."""
        reasons = self.facts["reasons"]
        return str(reasons.get("duties") or reasons.get("granted", ""))


@dataclass(slots=True)
class Screen:
    """exceptions, changed, plain: open rows, in this order; late: suspended ones that can still be answered; answered: rows that
    this person can undo; total, open: of the rows that they are asked about now, as Home counts them, for others of all; part: the
    first one, whose reviewer answers; waits: how many parts come later; mine: whether this person may answer."""

    review: Review
    department: Department
    parts: list[ReviewPart] = field(default_factory=list)
    exceptions: list[ScreenRow] = field(default_factory=list)
    changed: list[ScreenRow] = field(default_factory=list)
    plain: list[ScreenRow] = field(default_factory=list)
    late: list[ScreenRow] = field(default_factory=list)
    answered: list[ScreenRow] = field(default_factory=list)
    total: int = 0
    open: int = 0
    waits: int = 0
    mine: bool = False

    @property
    def part(self) -> ReviewPart | None:
        return self.parts[0] if self.parts else None

    @property
    def alike(self) -> list[tuple[str, str, int]]:
        """Exceptions that several rows have alike, so that one answer may be for all: for the URL, in words, and how many."""
        rows = [line for line in self.exceptions if line.may and not line.row.changed and line.row.part_id == self.part_pk]
        counts = Counter("-".join(line.row.exceptions) for line in rows)
        return [(key, ", ".join(EXCEPTIONS[e] for e in key.split("-")), n) for key, n in counts.items() if n > 1]

    @property
    def part_pk(self) -> int:
        return self.part.pk if self.part is not None else 0

    @property
    def lines(self) -> list[ScreenRow]:
        return [*self.late, *self.exceptions, *self.changed, *self.plain]


def screen(review: Review, department: Department, person: Person, parts: Sequence[ReviewPart], now: int) -> Screen:
    """The parts of one department whose turn it is. parts: those this person may answer, or see."""
    ahead = part_reviewers.is_ahead(parts)
    made = Screen(review, department, [p for p in parts if p.pk not in ahead], waits=len(ahead))
    made.mine = any(person.pk in part_reviewers.of_part(p, now) for p in made.parts)
    rows = ReviewRow.objects.filter(part__in=made.parts).select_related("person", "approver", "by", "part", "review").order_by("id")
    counted = part_reviewers.rows_to_answer(made.parts, person.uid) if made.mine else rows
    states = list(counted.values_list("state", flat=True))
    made.total, made.open = len(states), states.count("open")
    shown = list(rows.filter(state="open")[:MAX_ROWS]) + list(rows.filter(state="suspended")[:MAX_ROWS])
    shown += list(rows.filter(state="pending", answer="keep", by=person)[:MAX_ROWS])
    for row in shown:
        _put(made, screen_row(row, person, now))
    made.exceptions.sort(key=lambda line: (_rank(line.row.exceptions), line.facts["name"]))
    made.changed.sort(key=lambda line: line.facts["name"])
    made.plain.sort(key=lambda line: line.facts["name"])
    lines = made.lines
    for line, following in pairwise(lines):
        line.behind = following.row.pk
    return made


def alike_rows(part: ReviewPart, exceptions: Sequence[str], uid: str) -> list[ReviewRow]:
    """Open rows of a part with exactly these exceptions, without changes, that this person may answer; at most fifty."""
    rows = ReviewRow.objects.filter(part=part, state="open", changed=False, exceptions=list(exceptions))
    mine = (
        rows.exclude(person__uid=uid)
        .exclude(approver__uid=uid)
        .select_related("review", "person", "right__mailbox")
        .order_by("id")[:MAX_ROWS]
    )
    return sorted(mine, key=lambda row: str(row.person))


def visible(review: Review, department: Department, person: Person, now: int, *, all_: bool) -> list[ReviewPart]:
    """The parts of a department that this person may answer; all_: all parts, for read-only visitors."""
    rows = ReviewPart.objects.filter(review=review, department=department).prefetch_related("department__deputies")
    parts = list(rows.select_related("review", "department", "reviewer", "joined", "delegate").order_by("turn", "id"))
    mine = [p for p in parts if person.pk in part_reviewers.of_part(p, now)]
    return mine or (parts if all_ else [])


def _put(made: Screen, line: ScreenRow) -> None:
    if line.row.state == "suspended":
        made.late.append(line)
    elif line.row.state != "open":
        if line.undo:
            made.answered.append(line)
    elif line.row.exceptions:
        made.exceptions.append(line)
    elif line.row.changed:
        made.changed.append(line)
    else:
        made.plain.append(line)


def screen_row(row: ReviewRow, person: Person, now: int) -> ScreenRow:
    """One row as displayed to this person."""
    facts = row.asked
    used = _evidence(row, facts)
    barred = person.pk in (row.person_id, row.approver_id)
    return ScreenRow(
        row,
        facts,
        [_words(e, used) for e in row.exceptions if e in EXCEPTIONS],
        WORDS[row.state],
        ANSWERS.get(row.answer, ""),
        may=not barred,
        undo=may_undo(row, now) and row.by_id == person.pk,
        until=from_ms(facts["until"]),
        last_sent=parse_date(facts.get("last_sent") or facts.get("last_used") or ""),
        evidence=used,
        approved=parse_date(facts.get("approved") or ""),
    )


NEVER_USED = frozenset({"never", "unused"})
"""Exceptions that say since when, so that the evidence does not say it again."""


def _words(exception: str, used: usage.Evidence | None) -> str:
    since = exception in NEVER_USED and used is not None and not used.is_used
    return f"{EXCEPTIONS[exception]}, since {wording.day(used.began)}" if since and used else EXCEPTIONS[exception]


def _evidence(row: ReviewRow, facts: dict[str, Any]) -> usage.Evidence | None:
    """How the access was used when the review began, as its questions keep it."""
    started = row.review.started
    if row.right_id is None or started is None:
        return None
    days = {name: parse_date(facts.get(name) or "") for name in ("began", "last_sent", "last_read", "last_seen")}
    began, day = days.pop("began") or parse_date(facts["approved"]), timezone.localdate(started)
    counts = usage.Use(facts["sent"], facts["received"], facts.get("retrieved", 0), facts.get("notices", 0))
    return usage.Evidence(began or day, day, counts, **days)


def _rank(exceptions: Collection[str]) -> int:
    order = list(EXCEPTIONS)
    return min((order.index(e) for e in exceptions if e in order), default=len(order))
