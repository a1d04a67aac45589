"""The report on examinations of a week or a year, outliers first ("/oversight/examinations/"; P-16, E9)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, or_404, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.desk.oversight import sampling
from civicmail.desk.oversight.examination_report import Examined, Period, figures, period_of, words
from civicmail.desk.oversight.queries.examination_report import report_of

WEEKS = 6
"""Weeks that the page leads to."""


@acting("examinations.report")
def examination_report(request: CityRequest) -> HttpResponseBase:
    """?period=2026-W48 or 2026: sums, then each examination; CSV of these."""
    require(request, "examinations.report")
    today = timezone.localdate(request.now)
    period = or_404(period_of(request.GET.get("period") or sampling.last_whole(today)))
    made = report_of(period, request.actor.uid)
    table = listing.from_rows(
        request,
        [{"pk": each.number, "e": each, "report": made} for each in made.shown],
        caption=f"Examinations, {words(period)}",
        columns=[
            Column("number", "Examination", _number),
            Column("ground", "Ground", lambda r: r["e"].ground),
            Column("by", "Asked by", lambda r: r["e"].requester, name="asked by"),
            Column("approver", "Approved by", _approver, name="approved by"),
            Column("departments", "Departments", lambda r: ", ".join(r["e"].departments), name="of"),
            Column("people", "People", lambda r: r["e"].people, num=True, name="people"),
            Column("searches", "Searches", lambda r: r["e"].searches, num=True, name="searches"),
            Column("opened", "Opened", lambda r: r["e"].opened, num=True, name="opened"),
            Column("exports", "Exports", lambda r: r["e"].exports, num=True, name="exports"),
        ],
        empty="No mail was examined in this time." if not made.unseen else "All examinations of this time are sealed or about you.",
        noun="examinations",
        keep=["period"],
    )
    facts = [("Period", words(period))]
    page = Page("Examination report", "Oversight", [("Content views", reverse("viewings"))], facts=facts)
    shown = {
        "page": page,
        "report": made,
        "figures": figures(made),
        "sums": [("Ground", made.by_ground), ("Approver", made.by_approver), ("Department", made.by_department)],
        "periods": [(_tab(p), f"?period={p.name}", p.name == period.name) for p in _periods(today)],
    }
    return listing.render_list(request, "oversight/examination_report.html", table, shown)


def _periods(today: date) -> list[Period]:
    weeks = [sampling.name_of(today - timedelta(days=7 * n)) for n in range(WEEKS)]
    names = [*weeks, str(today.year), str(today.year - 1)]
    return [period for name in names if (period := period_of(name)) is not None]


def _tab(period: Period) -> str:
    return period.name if period.is_year else f"{period.first:%b} {period.first.day} to {period.last:%b} {period.last.day}"


def _number(row: dict[str, Any]) -> Cell:
    each: Examined = row["e"]
    return Cell(each.number, reverse("mandate", args=[each.number]), hint="outlier" if row["report"].is_outlier(each) else "")


def _approver(row: dict[str, Any]) -> Cell:
    each: Examined = row["e"]
    return Cell(each.approver or "nobody yet", hint=f"urgent, {each.ratified.lower()}" if each.urgent else "")
