"""Captures that are evidence of violation cases: they are retained beyond their schedule until no appeal is possible (V1)."""

from __future__ import annotations

import uuid
from collections import defaultdict

from django.db.models import Q

from civicmail.city.conduct.actions.consequences import APPEAL
from civicmail.city.conduct.models import Evidence
from civicmail.city.conduct.violation_states import OPEN
from civicmail.city.guard.epoch import from_ms


def needed(now: int) -> dict[int, frozenset[str]]:
    """Case -> the 32 digits of each capture that it names, of cases that are open or can be appealed. now: ms. One query."""
    rows = Evidence.objects.filter(
        Q(violation__state__in=OPEN) | Q(violation__state="decided", violation__decided__gt=from_ms(now - APPEAL))
    )
    by_case: dict[int, set[str]] = defaultdict(set)
    for case, capture in rows.values_list("violation", "capture"):
        by_case[case].add(uuid.UUID(capture).hex)
    return {case: frozenset(captures) for case, captures in by_case.items()}
