"""The report of a department: twelve months beside the city, a year before or another department ("/dept/<code>/report/"; P-28).
Sums only, no person is ranked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
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
from civicmail.city.pages.page import Action, Page
from civicmail.front.web import report_comparison, report_pdf, report_summary
from civicmail.front.web.conduct_charts import acceptance_chart, violations_chart
from civicmail.front.web.home_charts import Sums, answers_chart, hours, hours_chart, labels, marks, sums_since
from civicmail.front.web.report_comparison import Comparison

MONTHS = 12
KEPT = ("month", "compare")
"""Choices of the form that links keep."""
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


@dataclass(frozen=True, slots=True)
class Field:
    """A choice of the form. options: (value, words)."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of one report. departments: whose report its reader may read; offered: months to choose from; months: the twelve
    that are shown, oldest first; sums: of all departments."""

    departments: list[Department]
    offered: list[date]
    months: list[date]
    sums: Sums
    beside: Comparison
    figures: list[Figure]
    summary: list[str]
    charts: list[Chart]


@acting("statement.see")
def report(request: CityRequest, department: str) -> HttpResponseBase:
    """Figures of a month, trends of the twelve that it ends, divisions. Without a choice it is the last whole month, where that
    has any sums."""
    if (other := request.GET.get("department", department)) != department:
        query = {key: value for key in KEPT if (value := request.GET.get(key, ""))}
        return redirect(listing.list_url(reverse("department-report", args=[_code(other)]), query, {}))
    where = get_object_or_404(Department, code=department)
    require(request, "statement.see", InDepartment(where.code))
    read = read_report(request, where)
    if request.GET.get("format") == "pdf":
        return _pdf(request, where, read)
    statement = Statement.objects.filter(department=where, state="open").order_by("due").first()
    shown = {
        "page": _page(request, where, read),
        "figures": read.figures,
        "summary": read.summary,
        "charts": read.charts,
        "fields": _fields(where, read),
        "statement": statement,
        "statement_url": reverse("statement", args=[where.code, statement.half]) if statement else "",
    }
    return listing.render_list(request, "department_report.html", _divisions(request, _parts(where), read), shown)


def read_report(request: CityRequest, where: Department) -> Report:
    """The numbers of a department that this person may read, for the month and the comparison of the URL. Raises as
    report_comparison.chosen does."""
    today = timezone.localdate(request.now)
    offered = last_months(today, MONTHS)
    departments = report_comparison.readable(request)
    beside = report_comparison.chosen(request, where, departments)
    reach = MONTHS * 2 if beside.key == report_comparison.YEAR else MONTHS
    _, sums = sums_since(last_months(offered[0], reach)[0])
    usual = offered[-2] if any(month == offered[-2] for _, month in sums) else offered[-1]
    month = next((m for m in offered if f"{m:%Y-%m}" == request.GET.get("month")), usual)
    months = last_months(month, MONTHS)
    codes = [row.code for row in with_headless_divisions(where)]
    figures = _figures(request, where, codes, months, sums, beside)
    summary = list(_summary(where, months, sums, figures, beside))
    charts = _charts(request, where, codes, months, sums, beside)
    return Report(departments, offered, months, sums, beside, figures, summary, charts)


def _charts(
    request: CityRequest, where: Department, codes: list[str], months: list[date], sums: Sums, beside: Comparison
) -> list[Chart]:
    now = epoch_ms(request.now)
    accepted, reported = acceptance_chart(where.name, codes, months, now), violations_chart(codes, months)
    if beside.code:
        compared = beside.months(months)
        others = codes if beside.code == where.code else _codes_of(beside.code)
        accepted = beside.onto(accepted, acceptance_chart("", others, compared, now).series[0].values)
        count = sum(number or 0 for series in violations_chart(others, compared).series for number in series.values)
        reported = replace(reported, sentence=f"{reported.sentence} {beside.name}: {count:,.0f} reported.")
    return [
        beside.onto(hours_chart(where.name, where.code, months, sums), beside.values(months, sums, hours)),
        answers_chart(where.code, months, sums),
        accepted,
        reported,
        _against(where, months, sums, "confidential-encrypted", "Confidential messages sent encrypted", beside),
        _against(where, months, sums, "release-asked", "Requests to release mail", beside),
    ]


def _codes_of(code: str) -> list[str]:
    return [row.code for row in with_headless_divisions(Department.objects.get(code=code))]


def _divisions(request: CityRequest, parts: list[Department], read: Report) -> listing.Listing:
    reported = violations.open_in([row.code for row in parts])
    owing = Counter(department_questions.overdue_in([row.code for row in parts], epoch_ms(request.now)).values())
    return listing.from_rows(
        request,
        [
            {
                "pk": row.code,
                "d": row,
                "s": read.sums[row.code, read.months[-1]],
                "people": count,
                "url": _url(request, row),
                "violations": reported[row.code],
                "owing": owing[row.code],
            }
            for row, count in _with_people(parts)
        ],
        caption=f"{parts[0].name} and its divisions in {labels(read.months[-1:])[0]}",
        columns=COLUMNS,
        empty="No division.",
        noun="departments",
        keep=KEPT,
    )


def _fields(where: Department, read: Report) -> list[Field]:
    """The form: what is shown, and beside what."""
    keys = [f"{month:%Y-%m}" for month in read.offered]
    return [
        Field("month", "Month", list(zip(keys, _names(read.offered), strict=True))[::-1], f"{read.months[-1]:%Y-%m}"),
        Field("department", "Department", [(row.code, row.name) for row in read.departments], where.code),
        Field("compare", "Compare with", report_comparison.choices(where, read.departments), read.beside.key),
    ]


def _code(text: str) -> str:
    """A code as it can be in a URL. Raises Http404."""
    if not re.fullmatch(r"[-a-zA-Z0-9_]{1,60}", text):
        raise Http404
    return text


def _names(months: list[date]) -> list[str]:
    *whole, present = labels(months)
    return [*whole, f"{present}, so far"]


def _url(request: CityRequest, where: Department) -> str:
    """Its report, "" where this person may not open that."""
    is_allowed = may(request, "statement.see", InDepartment(where.code))
    return reverse("department-report", args=[where.code]) if is_allowed else ""


def _page(request: CityRequest, where: Department, read: Report) -> Page:
    sees_people = may(request, "roster.see", InDepartment(where.code))
    crumbs = [(where.name, reverse("people", args=[where.code]))] if sees_people else []
    kept = {"month": f"{read.months[-1]:%Y-%m}", "compare": read.beside.key, "format": "pdf"}
    pdf = Action("PDF", listing.list_url(request.path, kept, {}))
    return Page("Department report", where.name, crumbs, facts=[("Department", where.name)], actions=[pdf])


def _pdf(request: CityRequest, where: Department, read: Report) -> HttpResponseBase:
    divisions = _divisions(request, _parts(where), read)
    month = labels(read.months[-1:])[0]
    rows = divisions.results or []
    return report_pdf.pdf_response(
        name=f"report-{where.code}-{read.months[-1]:%Y-%m}",
        title=f"Report of {where.name}, {month}",
        sentences=read.summary,
        figures=[(f.label, f.value, f.beside) for f in read.figures],
        tables=[report_pdf.list_table(divisions.caption, COLUMNS, rows), *map(report_pdf.chart_table, read.charts)],
        now=request.now,
    )


def _parts(where: Department) -> list[Department]:
    """The department and its divisions."""
    return [where, *Department.objects.filter(parent=where, closed__isnull=True).order_by("name")]


def _figures(
    request: CityRequest, where: Department, codes: list[str], months: list[date], sums: Sums, beside: Comparison
) -> list[Figure]:
    """The month beside the one before, and beside the comparison; what is open is that of now."""
    now, this, last = epoch_ms(request.now), sums[where.code, months[-1]], sums[where.code, months[-2]]
    before = labels(months)[-2]
    begins = timezone.make_aware(datetime.combine(months[0], time.min))
    counts = violations.of_departments(codes, begins, from_ms(now))
    sees_people = bool(may(request, "roster.see", InDepartment(where.code)))
    people = Episode.objects.filter(department__code__in=codes, ended__isnull=True).count()
    owing = len(department_questions.overdue_in(codes, now))
    roster = reverse("people", args=[where.code]) if sees_people else ""
    reported = reverse("dept-violations", args=[where.code]) if may(request, "violation.see", InDepartment(where.code)) else ""
    waited = _number(beside.values(months, sums, hours)[-1])
    return [
        Figure("People", f"{people:,}", "work here now", roster),
        Figure("Hours until files are decided", _hours(this), f"{_hours(last)} in {before} · {beside.beside} {waited}"),
        Figure(
            "Requests to release mail",
            f"{this['release-asked']:,}",
            f"{last['release-asked']:,} in {before}{_compared(beside, months, sums, 'release-asked')}",
        ),
        Figure(OPEN, f"{counts.open:,}", f"{counts.reported:,} reported in 12 months", reported, counts.open),
        Figure(OWING, f"{owing:,}", "people who cannot send until they accept it", roster, owing),
    ]


def _summary(where: Department, months: list[date], sums: Sums, figures: Sequence[Figure], beside: Comparison) -> Iterator[str]:
    """What stands out, in sentences. The open numbers are those of the figures."""
    this, last = (report_summary.Month(hours(s), s["release-asked"]) for s in (sums[where.code, m] for m in months[:-3:-1]))
    names = [date_format(month, "F") for month in months[:-3:-1]]
    other = beside.values(months, sums, hours)[-1]
    open_, owing = (next(f.number for f in figures if f.label == label) for label in (OPEN, OWING))
    return report_summary.sentences(names[0], names[1], this, last, other, open_, owing, than=beside.than)


def _hours(sums: Counter[str]) -> str:
    return _number(hours(sums))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _compared(beside: Comparison, months: list[date], sums: Sums, what: str) -> str:
    value = beside.values(months[-1:], sums, _counted(what))[-1]
    return "" if value is None else f" · {beside.beside} {value:,.0f}"


def _against(where: Department, months: list[date], sums: Sums, what: str, title: str, beside: Comparison) -> Chart:
    """A sum of the department by month, and what it stands beside."""
    counted = _counted(what)
    mine = tuple(counted(sums[where.code, month]) or 0 for month in months)
    series = (Series(where.name, mine), Series(beside.name, beside.values(months, sums, counted)))
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
