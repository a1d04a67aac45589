"""Reads of violations for other rooms: open ones, recent decisions, counts of a department (P-28, P-30)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.violation_states import CONFIRMED, COUNTS, OPEN
from civicmail.city.directory.models import Person


@dataclass(frozen=True, slots=True)
class Counts:
    """Violations of some departments in a period: reported (all, and of agency people), confirmed or unfounded, decided, appeals
    heard, permanent bars; open: reported before its end and not finished; slowest: most days from report to finding, 0 without
    one."""

    reported: int = 0
    of_agencies: int = 0
    confirmed: int = 0
    unfounded: int = 0
    decided: int = 0
    heard: int = 0
    permanent: int = 0
    open: int = 0
    slowest: int = 0


def known_to(uid: str) -> QuerySet[Violation]:
    """Violations of this person of which they were notified: by a question, a record, or a finding; newest first."""
    informed = Q(respond_by__isnull=False) | Q(found__isnull=False) | Q(own=True)
    return Violation.objects.filter(informed, person__uid=uid).order_by("-id")


def open_of(people: Iterable[int]) -> set[int]:
    """The people (ids of rows) with an open violation or an unheard appeal. One query."""
    rows = Violation.objects.filter(person__in=list(people), state__in=OPEN).order_by()
    return set(rows.values_list("person", flat=True))


def decided_since(when: datetime) -> list[Violation]:
    """Decisions in force that were made at that time or later, the oldest first, with the person."""
    rows = Violation.objects.filter(decided__gte=when, state__in=COUNTS).select_related("person", "department")
    return list(rows.order_by("decided", "id"))


def open_in(codes: Collection[str]) -> Counter[str]:
    """How many violations of each department, by its code, are open. One query."""
    rows = Violation.objects.filter(state__in=OPEN, department__code__in=codes).order_by()
    return Counter(rows.values_list("department__code", flat=True))


def of_departments(codes: Collection[str], since: datetime, until: datetime) -> Counts:
    """Violations of these departments together, in a period (since included, until not). One query."""
    touched = Q(made__gte=since, made__lt=until) | Q(found__gte=since, found__lt=until) | Q(decided__gte=since, decided__lt=until)
    touched |= Q(heard__gte=since, heard__lt=until) | Q(state__in=OPEN, made__lt=until)
    rows = list(Violation.objects.filter(touched, department__code__in=codes).order_by("id"))

    def within(at: datetime | None) -> bool:
        return at is not None and since <= at < until

    within_span = [row for row in rows if within(row.found)]
    return Counts(
        reported=sum(within(row.made) for row in rows),
        of_agencies=sum(within(row.made) and row.agency_id is not None for row in rows),
        confirmed=sum(row.state in CONFIRMED for row in within_span),
        unfounded=sum(row.state == "unfounded" for row in within_span),
        decided=sum(within(row.decided) for row in rows),
        heard=sum(within(row.heard) for row in rows),
        permanent=sum(within(row.decided) and row.outcome == "permanent" and row.state in COUNTS for row in rows),
        open=sum(row.state in OPEN and row.made < until for row in rows),
        slowest=max((_days(row) for row in within_span), default=0),
    )


def by_month(since: datetime, until: datetime) -> Counter[tuple[str, date, bool]]:
    """How many were reported in a period (since included, until not), by code of the department ("" for an unknown person), first
    day of the month, and whether the report was confirmed. One query."""
    rows = Violation.objects.filter(made__gte=since, made__lt=until).order_by()
    return Counter(
        (code or "", timezone.localdate(made).replace(day=1), state in CONFIRMED)
        for code, made, state in rows.values_list("department__code", "made", "state")
    )


def of_person(person: Person) -> list[Violation]:
    """Everything about one person, the newest first."""
    return list(Violation.objects.filter(person=person).select_related("department").order_by("-id"))


def of_origin(origin: str) -> Violation | None:
    """The violation that comes from something elsewhere: "finding:12"."""
    return Violation.objects.filter(origin=origin).select_related("department").first()


def _days(row: Violation) -> int:
    return (row.found - row.made).days if row.found is not None else 0
