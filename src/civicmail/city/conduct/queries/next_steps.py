"""The people who take the next step of a violation case and are notified: never anyone who had a part in it (P-30; V4)."""

from __future__ import annotations

from django.db.models import Q

from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import deciders
from civicmail.city.conduct.violation_states import OPEN
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.queries.reporting_lines import load_lines

PART_COLUMNS = ("person", "reporter", "finder", "decider", "second", "hearer")
"""Columns of people who had a part in a case."""
OFFICE_CASES = Q(person__isnull=True, state="reported") | Q(state__in=["recorded", "confirmed", "proposed", "appealed"])
"""Cases that the access office may take if a department has nobody left without a part."""


def waiting(actor: Actor, codes: frozenset[str], *, office: bool) -> tuple[list[Violation], list[Violation]]:
    """Open cases whose next step this person may take, the oldest first: of the departments of these codes, and others for an
    access officer. Five queries at most."""
    if not codes and not office:
        return [], []
    theirs = Q(department__code__in=codes, state__in=OPEN) & ~Q(state="proposed")
    rows = Violation.objects.filter(theirs | OFFICE_CASES if office else theirs).select_related(*PART_COLUMNS, "department")
    mine = _without_part(actor, list(rows.order_by("since", "id")))
    here = [row for row in mine if row.department is not None and row.department.code in codes and row.state != "proposed"]
    shown = {row.pk for row in here}
    return here, [row for row in mine if row.pk not in shown]


def next_deciders(row: Violation, now: int) -> list[Person]:
    """People to notify of the next step: the department's head, else a deputy, who is present, had no part and is not below the
    person; else the access officers without a part. now: ms."""
    had = {getattr(row, f"{part}_id") for part in PART_COLUMNS}
    office = [p for p in deciders.holders("access-officer", now) if p.pk not in had]
    if row.state == "proposed" or row.department is None:
        return office
    own = [p for p in (row.department.head, *row.department.deputies.all()) if p is not None and p.pk not in had]
    away = deciders.absent([p.pk for p in own], now)
    order, whose = load_lines(), row.person.uid if row.person is not None else ""
    present = [p for p in own if p.pk not in away and whose not in order.above(p.uid)]
    return present[:1] or office


def _without_part(actor: Actor, rows: list[Violation]) -> list[Violation]:
    """Cases in which this person had no part, and that do not concern a superior."""
    mine = [row for row in rows if actor.uid not in {p.uid for part in PART_COLUMNS if (p := getattr(row, part)) is not None}]
    above: set[str] = load_lines().above(actor.uid) if mine else set()
    return [row for row in mine if row.person is None or row.person.uid not in above]
