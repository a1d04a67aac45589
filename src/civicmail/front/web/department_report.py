"""The report of a department: twelve months against the city ("/dept/<code>/report/"; P-28). Sums only, no person is ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import violations
from civicmail.city.conduct.queries.deciders import with_headless_divisions
from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.queries import department_questions
from civicmail.city.pages import listing
from civicmail.city.pages.charts import Chart, Series
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.months import last_months
from civicmail.city.pages.page import Page
from civicmail.front.web import report_summary
from civicmail.front.web.conduct_charts import acceptance_chart, violations_chart
from civicmail.front.web.home_charts import Sums, answers_chart, city_median, hours, hours_chart, labels, marks, sums_since

MONTHS = 12
OPEN, OWING = "Violations open", "Policy not accepted"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the report. beside: what it is compared with; url: where it comes from, "" if the reader may not open that;
    number: the value, where the summary tells it."""

    label: str
    value: str
    beside: str
    url: str = ""
    number: int = 0


@acting("statement.see")
def report(request: CityRequest, department: str) -> HttpResponseBase:
    """Figures of a month, trends of the twelve that it ends, divisions. Without a choice it is the last whole month, where that
    has any sums."""
    where = get_object_or_404(Department, code=department)
    require(request, "statement.see", InDepartment(where.code))
    today = timezone.localdate(request.now)
    offered = last_months(today, MONTHS)
    _, sums = sums_since(last_months(offered[0], MONTHS)[0])
    usual = offered[-2] if any(month == offered[-2] for _, month in sums) else offered[-1]
    chosen = next((m for m in offered if f"{m:%Y-%m}" == request.GET.get("month")), usual)
    months = last_months(chosen, MONTHS)
    divisions = list(Department.objects.filter(parent=where, closed__isnull=True).order_by("name"))
    codes = [row.code for row in with_headless_divisions(where)]
    charts = [
        hours_chart(where.name, where.code, months, sums),
        answers_chart(where.code, months, sums),
        acceptance_chart(where.name, codes, months, epoch_ms(request.now)),
        violations_chart(codes, months),
        _against(where, months, sums, "confidential-encrypted", "Confidential messages sent encrypted"),
        _against(where, months, sums, "release-asked", "Requests to release mail"),
    ]
    parts = [where, *divisions]
    reported = violations.open_in([row.code for row in parts])
    owing = Counter(department_questions.overdue_in([row.code for row in parts], epoch_ms(request.now)).values())
    listing_ = listing.from_rows(
        request,
        [
            {
                "pk": row.code,
                "d": row,
                "s": sums[row.code, months[-1]],
                "people": count,
                "url": _url(request, row),
                "violations": reported[row.code],
                "owing": owing[row.code],
            }
            for row, count in _with_people(parts)
        ],
        caption=f"{where.name} and its divisions in {labels([chosen])[0]}",
        columns=COLUMNS,
        empty="No division.",
        noun="departments",
        keep=("month",),
    )
    figures = _figures(request, where, codes, months, sums)
    statement = Statement.objects.filter(department=where, state="open").order_by("due").first()
    shown = {
        "page": _page(request, where),
        "figures": figures,
        "summary": list(_summary(where, months, sums, figures)),
        "charts": charts,
        "months": list(zip((f"{m:%Y-%m}" for m in offered), _names(offered), strict=True))[::-1],
        "month": f"{chosen:%Y-%m}",
        "statement": statement,
        "statement_url": reverse("statement", args=[where.code, statement.half]) if statement else "",
    }
    return listing.render_list(request, "department_report.html", listing_, shown)


def _names(months: list[date]) -> list[str]:
    *whole, present = labels(months)
    return [*whole, f"{present}, so far"]


def _url(request: CityRequest, where: Department) -> str:
    """Its report, "" where this person may not open that."""
    is_allowed = may(request, "statement.see", InDepartment(where.code))
    return reverse("department-report", args=[where.code]) if is_allowed else ""


def _page(request: CityRequest, where: Department) -> Page:
    sees_people = may(request, "roster.see", InDepartment(where.code))
    crumbs = [(where.name, reverse("people", args=[where.code]))] if sees_people else []
    return Page("Department report", where.name, crumbs, facts=[("Department", where.name)])


def _figures(request: CityRequest, where: Department, codes: list[str], months: list[date], sums: Sums) -> list[Figure]:
    """The month beside the one before, and beside the city; what is open is that of now."""
    now, this, last = epoch_ms(request.now), sums[where.code, months[-1]], sums[where.code, months[-2]]
    before = labels(months)[-2]
    begins = timezone.make_aware(datetime.combine(months[0], time.min))
    counts = violations.of_departments(codes, begins, from_ms(now))
    sees_people = bool(may(request, "roster.see", InDepartment(where.code)))
    people = Episode.objects.filter(department__code__in=codes, ended__isnull=True).count()
    owing = len(department_questions.overdue_in(codes, now))
    roster = reverse("people", args=[where.code]) if sees_people else ""
    reported = reverse("dept-violations", args=[where.code]) if may(request, "violation.see", InDepartment(where.code)) else ""
    return [
        Figure("People", f"{people:,}", "work here now", roster),
        Figure("Hours until files are decided", _hours(this), f"{_hours(last)} in {before} · city {_city(months, sums)}"),
        Figure("Requests to release mail", f"{this['release-asked']:,}", f"{last['release-asked']:,} in {before}"),
        Figure(OPEN, f"{counts.open:,}", f"{counts.reported:,} reported in 12 months", reported, counts.open),
        Figure(OWING, f"{owing:,}", "people who cannot send until they accept it", roster, owing),
    ]


def _summary(where: Department, months: list[date], sums: Sums, figures: Sequence[Figure]) -> Iterator[str]:
    """What stands out, in sentences. The open numbers are those of the figures."""
    this, last = (report_summary.Month(hours(s), s["release-asked"]) for s in (sums[where.code, m] for m in months[:-3:-1]))
    names = [date_format(month, "F") for month in months[:-3:-1]]
    city = city_median(months, sums, hours)[-1]
    open_, owing = (next(f.number for f in figures if f.label == label) for label in (OPEN, OWING))
    return report_summary.sentences(names[0], names[1], this, last, city, open_, owing)


def _hours(sums: Counter[str]) -> str:
    value = hours(sums)
    return "–" if value is None else f"{value:.1f}"


def _city(months: list[date], sums: Sums) -> str:
    value = city_median(months, sums, hours)[-1]
    return "–" if value is None else f"{value:.1f}"


def _against(where: Department, months: list[date], sums: Sums, what: str, title: str) -> Chart:
    """A sum of the department by month, and the median of all departments that have one."""
    counted = _counted(what)
    mine = tuple(counted(sums[where.code, month]) or 0 for month in months)
    series = (Series(where.name, mine), Series("City median", city_median(months, sums, counted)))
    sentence = f"{mine[-1]:,.0f} in {date_format(months[-1], 'F')}, {sum(mine):,.0f} in twelve months."
    return Chart(what, title, sentence, "Month", labels(months), series, "lines", marks=marks(months))


def _counted(what: str) -> Callable[[Counter[str]], float | None]:
    """The sum of a month; None where nothing of the department was counted in it."""
    return lambda sums: sums[what] if sums else None


def _with_people(rows: list[Department]) -> list[tuple[Department, int]]:
    """Departments with the number of their people. One query."""
    pairs = (
        Episode.objects.filter(department__in=rows, ended__isnull=True).order_by().values_list("department", "person").distinct()
    )
    counts = Counter(department for department, _ in pairs)
    return [(row, counts[row.pk]) for row in rows]


COLUMNS = (
    Column("department", "Department", lambda r: Cell(r["d"].name, r["url"])),
    Column("people", "People", lambda r: r["people"], num=True, name="people"),
    Column("hours", "Hours until decided", lambda r: _hours(r["s"]), num=True, name="hours"),
    Column("approved", "Files released", lambda r: r["s"]["files-approved"], num=True, name="released"),
    Column("refused", "Not released", lambda r: r["s"]["files-refused"] + r["s"]["files-records"], num=True, name="not released"),
    Column("asked", "Release requests", lambda r: r["s"]["release-asked"], num=True, name="release requests"),
    Column("violations", OPEN, lambda r: r["violations"], num=True, name="violations open"),
    Column("owing", OWING, lambda r: r["owing"], num=True, name="policy not accepted"),
)
