"""Charts of Home for who heads a department: files that wait for approval, from the monthly sums that exist (P-22)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from statistics import median

from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Tally
from civicmail.city.pages.charts import Chart, Series
from civicmail.city.pages.months import last_months

MONTHS = 6
ANSWERS = ("files-approved", "files-refused", "files-records")
Sums = defaultdict[tuple[str, date], Counter[str]]


def of_department(actor: Actor, now: int) -> tuple[tuple[str, str] | None, list[Chart]]:
    """The department (code, name) that this person heads and its charts; none for people who head no department, or several that
    are not divisions of one. One query."""
    codes = actor.departments
    if not codes:
        return None, []
    months = last_months(timezone.localdate(from_ms(now)), MONTHS)
    departments, sums = sums_since(months[0])
    heads = [(code, name) for code, (name, parent) in departments.items() if code in codes and parent not in codes]
    if len(heads) != 1:
        return None, []
    [(code, name)] = heads
    return (code, name), [hours_chart(name, code, months, sums), answers_chart(code, months, sums)]


def sums_since(first: date) -> tuple[dict[str, tuple[str, str]], Sums]:
    """Departments (name, code of the one above) that have sums since this month, and those sums by department and month. One
    query."""
    rows = Tally.objects.filter(month__gte=first).order_by()
    sums: Sums = defaultdict(Counter)
    departments: dict[str, tuple[str, str]] = {}
    columns = ("department__code", "department__name", "department__parent__code", "month", "what")
    for code, name, parent, month, what, count in rows.values_list(*columns).annotate(n=Sum("count")):
        departments[code] = name, parent or ""
        sums[code, month][what] += count
    return departments, sums


def city_median(months: list[date], sums: Sums, value: Callable[[Counter[str]], float | None]) -> tuple[float | None, ...]:
    """The median of all departments that have a value, by month."""
    codes = {code for code, _ in sums}
    known = [[v for code in codes if (v := value(sums[code, month])) is not None] for month in months]
    return tuple(median(values) if values else None for values in known)


def hours(sums: Counter[str]) -> float | None:
    """Hours until an answer, on average; None without one."""
    answers = sum(sums[what] for what in ANSWERS)
    return sums["files-minutes"] / answers / 60 if answers else None


def hours_chart(name: str, code: str, months: list[date], sums: Sums) -> Chart:
    """The department against the median of all departments that answered."""
    mine = tuple(hours(sums[code, month]) for month in months)
    city = city_median(months, sums, hours)
    if mine[-1] is None:
        sentence = gettext("No files were decided on in {month}.").format(month=date_format(months[-1], "F"))
    else:
        sentence = gettext("{hours} hours in {month}; the city’s median is {city}.").format(
            hours=f"{mine[-1]:.1f}", month=date_format(months[-1], "F"), city=f"{city[-1]:.1f}"
        )
    series = (Series(name, mine), Series(gettext("City median"), city))
    title = gettext("Hours until files are decided on")
    return Chart("hours", title, sentence, gettext("Month"), labels(months), series, "lines", "h", 1, marks(months))


def answers_chart(code: str, months: list[date], sums: Sums) -> Chart:
    approved = tuple(sums[code, month]["files-approved"] for month in months)
    others = tuple(sums[code, month]["files-refused"] + sums[code, month]["files-records"] for month in months)
    count = approved[-1] + others[-1]
    sentence = ngettext(
        "{count} answer in {month}, {approved} of them to release.",
        "{count} answers in {month}, {approved} of them to release.",
        count,
    ).format(count=f"{count:,}", month=date_format(months[-1], "F"), approved=f"{approved[-1]:,}")
    series = (Series(gettext("Released"), approved), Series(gettext("Not released"), others))
    title = gettext("Answers about files")
    return Chart("answers", title, sentence, gettext("Month"), labels(months), series, marks=marks(months))


def labels(months: list[date]) -> tuple[str, ...]:
    return tuple(date_format(month, "F Y") for month in months)


def marks(months: list[date]) -> tuple[str, ...]:
    return tuple(date_format(month, "M") for month in months)
