"""Monthly sums of departments, hidden where too few people work there (P-10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date

from django.db.models import Sum

from civicmail.city.directory.models import Department, Episode
from civicmail.city.identity.models import Tally
from civicmail.city.identity.queries.department_questions import MIN_PEOPLE_FOR_SUMS
from civicmail.city.identity.tallies import TallyKind


def is_enough(departments: Collection[Department]) -> bool:
    """Whether so many people work there that a sum describes none of them."""
    rows = Episode.objects.filter(department__in=departments, ended__isnull=True).order_by()
    return rows.values("person").distinct().count() >= MIN_PEOPLE_FOR_SUMS


def sums_of(departments: Collection[Department], first: date, until: date) -> Counter[str]:
    """Sums from one first day of a month until another."""
    rows = Tally.objects.filter(department__in=departments, month__gte=first, month__lt=until).order_by()
    return Counter(dict(rows.values("what").annotate(n=Sum("count")).values_list("what", "n")))


def by_month(departments: Collection[Department], what: TallyKind, max_months: int = 12) -> list[tuple[date, int]] | None:
    """The months that have any, the newest first; None where too few people work there (SUMS_LEAST)."""
    if not is_enough(departments):
        return None
    rows = Tally.objects.filter(department__in=departments, what=what).order_by("-month").values("month")
    return list(rows.annotate(n=Sum("count")).values_list("month", "n")[:max_months])
