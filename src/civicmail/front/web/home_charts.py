"""Charts of Home for who heads a department: files that wait for approval, from the monthly sums that exist (P-22)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from statistics import median

from django.db.models import Q, Sum
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


def of_department(actor: Actor, now: int) -> tuple[str, list[Chart]]:
    """Name of the department and its charts; none where this person heads no department, or several. One query."""
    codes = sorted(actor.departments)
    if len(codes) != 1:
        return "", []
    name = ""
    months = last_months(timezone.localdate(from_ms(now)), MONTHS)
    rows = Tally.objects.filter(Q(what__in=ANSWERS) | Q(what="files-minutes"), month__gte=months[0]).order_by()
    sums: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    columns = ("department__code", "department__name", "month", "what")
    for code, department, month, what, count in rows.values_list(*columns).annotate(n=Sum("count")):
        name = department if code == codes[0] else name
        sums[code, month]["minutes" if what == "files-minutes" else what] += count
    if not name:
        return "", []
    return name, [_hours(name, codes[0], months, sums), _answers(codes[0], months, sums)]


Sums = defaultdict[tuple[str, date], Counter[str]]


def hours(sums: Counter[str]) -> float | None:
    """Hours until an answer, on average; None without one."""
    answers = sum(sums[what] for what in ANSWERS)
    return sums["minutes"] / answers / 60 if answers else None


def _hours(name: str, code: str, months: list[date], sums: Sums) -> Chart:
    """The department against the median of all departments that answered."""
    mine = tuple(hours(sums[code, month]) for month in months)
    codes = {each for each, _ in sums}
    everywhere = [[h for each in codes if (h := hours(sums[each, month])) is not None] for month in months]
    city = tuple(median(some) if some else None for some in everywhere)
    if mine[-1] is None:
        sentence = gettext("No files were decided on this month.")
    else:
        sentence = gettext("{hours} hours this month; the city’s median is {city}.").format(
            hours=f"{mine[-1]:.1f}", city=f"{city[-1]:.1f}"
        )
    series = (Series(name, mine), Series(gettext("City median"), city))
    labels = _labels(months)
    title = gettext("Hours until files are decided on")
    return Chart("hours", title, sentence, gettext("Month"), labels, series, "lines", "h", 1, _marks(months))


def _answers(code: str, months: list[date], sums: Sums) -> Chart:
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
    return Chart("answers", title, sentence, gettext("Month"), _labels(months), series, marks=_marks(months))


def _labels(months: list[date]) -> tuple[str, ...]:
    return tuple(date_format(month, "F Y") for month in months)


def _marks(months: list[date]) -> tuple[str, ...]:
    return tuple(date_format(month, "M") for month in months)
