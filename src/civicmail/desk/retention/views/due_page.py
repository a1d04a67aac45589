"""The page Due: what becomes due in each of the next ten years by class, what stays and why, and the same as CSV (P-20, P-23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.conduct.evidence_file import table
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.law.due_forecast import YEARS, ClassForecast
from civicmail.city.pages.charts import Chart, Series
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.retention.queries import schedules as queries

MAX_SERIES = 4
"""Classes with a color of their own; the others are one."""
WHY = {
    "permanent": "Permanent: it is never due.",
    "no schedule": "No schedule in force names this class.",
    "expired": "The schedule has expired.",
    "notice": "The State Historical Society was not notified 60 days ago.",
}


@acting("retention.see")
def due(request: CityRequest) -> HttpResponse:
    """Show the picture by year and the numbers."""
    require(request, "retention.see")
    counts = queries.counts()
    schedules = queries.in_force()
    rows = queries.forecast(schedules, counts, epoch_ms(request.now))
    facts: list[tuple[str, Any]] = [("Counted", from_ms(counts.at))] if counts is not None else []
    shown = {
        "page": Page("Due", "Retention", facts=facts, actions=[Action("CSV", reverse("retention-due-file"))] if counts else []),
        "counts": counts,
        "scheduled": schedules is not None,
        "rows": [(row, WHY.get(row.stays, ""), list(zip(years(request.now), row.years, strict=True))) for row in rows],
        "years": years(request.now),
        "chart": chart(rows, years(request.now)),
        "due": sum(row.at_once for row in rows),
    }
    return render(request, "retention/due.html", shown)


@acting("retention.see")
def file(request: CityRequest) -> HttpResponse:
    """The numbers as CSV."""
    require(request, "retention.see")
    rows = queries.forecast(queries.in_force(), queries.counts(), epoch_ms(request.now))
    names = years(request.now)
    head = ("class", "schedule", "messages", "due", *names, "later", "after the approval ends", "stays")
    lines = [[r.class_, r.title, r.total, r.due, *r.years, r.later, r.lapsed, r.stays] for r in rows]
    response = HttpResponse(table(head, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="due.csv"'
    return response


def plain(now: datetime) -> dict[str, Any]:
    """The numbers for programs."""
    counts = queries.counts()
    rows = queries.forecast(queries.in_force(), counts, epoch_ms(now))
    classes = [{**asdict(row), "years": list(row.years)} for row in rows]
    for row in classes:
        row["name"] = row.pop("class_")
    return {
        "counted": from_ms(counts.at) if counts is not None else None,
        "years": [int(year) for year in years(now)],
        "classes": classes,
        "unsealed": counts.unsealed if counts is not None else 0,
        "held": counts.held if counts is not None and counts.held >= 0 else None,
    }


def years(now: datetime) -> tuple[str, ...]:
    """This year and the next ones, as text."""
    return tuple(str(now.year + n) for n in range(YEARS))


def chart(rows: Sequence[ClassForecast], labels: tuple[str, ...]) -> Chart:
    """Stacked bars of the classes that become due, the largest first."""
    ranked = sorted((row for row in rows if any(row.years)), key=lambda row: -sum(row.years))
    shown, others = ranked[:MAX_SERIES], ranked[MAX_SERIES:]
    if len(others) == 1:
        shown, others = ranked, []
    series = [Series(row.class_, row.years) for row in shown]
    if others:
        series.append(Series("others", tuple(map(sum, zip(*(row.years for row in others), strict=True)))))
    total = sum(sum(row.years) for row in rows)
    sentence = f"{total:,} messages become due until the end of {labels[-1]}, by the schedules in force and without holds."
    marks = tuple(f"’{label[2:]}" for label in labels)
    return Chart("due", "Due by year", sentence, "Year", labels, tuple(series), marks=marks)
