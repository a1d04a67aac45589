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


def of_department(actor: Actor, now: int) -> tuple[str, list[Chart]]:
    """Name of the department and its charts; none where this person heads no department, or several. One query."""
    codes = sorted(actor.departments)
    if len(codes) != 1:
        return "", []
    months = last_months(timezone.localdate(from_ms(now)), MONTHS)
    names, sums = sums_since(months[0])
    if (name := names.get(codes[0])) is None:
        return "", []
    return name, [hours_chart(name, codes[0], months, sums), answers_chart(codes[0], months, sums)]


def sums_since(first: date) -> tuple[dict[str, str], Sums]:
    """Names of the departments that have sums since this month, and those sums by department and month. One query."""
    rows = Tally.objects.filter(month__gte=first).order_by()
    sums: Sums = defaultdict(Counter)
    names: dict[str, str] = {}
    columns = ("department__code", "department__name", "month", "what")
    for code, name, month, what, count in rows.values_list(*columns).annotate(n=Sum("count")):
        names[code] = name
        sums[code, month][what] += count
    return names, sums


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
        sentence = gettext("No files were decided on this month.")
    else:
        sentence = gettext("{hours} hours this month; the city’s median is {city}.").format(
            hours=f"{mine[-1]:.1f}", city=f"{city[-1]:.1f}"
        )
    series = (Series(name, mine), Series(gettext("City median"), city))
    title = gettext("Hours until files are decided on")
    return Chart("hours", title, sentence, gettext("Month"), labels(months), series, "lines", "h", 1, marks(months))


def answers_chart(code: str, months: list[date], sums: Sums) -> Chart:
    approved = tuple(sums[code, month]["files-approved"] for month in months)
    others = tuple(sums[code, month]["files-refused"] + sums[code, month]["files-records"] for month in months)
    count = approved[-1] + others[-1]
    sentence = ngettext(
        "{count} answer this month, {approved} of them to release.",
        "{count} answers this month, {approved} of them to release.",
        count,
    ).format(count=f"{count:,}", approved=f"{approved[-1]:,}")
    series = (Series(gettext("Released"), approved), Series(gettext("Not released"), others))
    title = gettext("Answers about files")
    return Chart("answers", title, sentence, gettext("Month"), labels(months), series, marks=marks(months))


def labels(months: list[date]) -> tuple[str, ...]:
    return tuple(date_format(month, "F Y") for month in months)


def marks(months: list[date]) -> tuple[str, ...]:
    return tuple(date_format(month, "M") for month in months)
