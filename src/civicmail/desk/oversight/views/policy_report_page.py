"""The report of the policy office ("/policy/report/"): hits by clause, overrides, false positives, rules that wait for a look."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import listing
from civicmail.city.pages.charts import Chart, Series
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.city.policy.clauses import CLAUSES
from civicmail.desk.oversight.queries import policy_report
from civicmail.desk.oversight.queries.policy_report import AgedRule, ClauseMonths, PolicyReport
from civicmail.desk.oversight.views.rules import LIST

MAX_CHARTS = 6
"""Clauses with the most hits; the table has all."""


@acting("rules.report")
def policy_report_page(request: CityRequest) -> HttpResponseBase:
    """Figures of a month by clause, charts of twelve, rules too long in shadow, and rules whose approval is oldest."""
    require(request, "rules.report")
    report = policy_report.read(epoch_ms(request.now))
    chosen = next((m for m in report.months if f"{m:%Y-%m}" == request.GET.get("month")), report.months[-1])
    shown = listing.from_rows(
        request,
        [{"pk": row.clause, "row": row, "month": chosen, "months": report.months} for row in report.clauses],
        caption=f"Hits by clause in {date_format(chosen, 'F Y')}",
        columns=COLUMNS,
        empty="No rule acts yet.",
        noun="clauses",
        keep=("month",),
    )
    context = {
        "page": Page("Policy report", "Mail rules", [LIST]),
        "months": [(f"{m:%Y-%m}", date_format(m, "F Y")) for m in reversed(report.months)],
        "month": f"{chosen:%Y-%m}",
        "charts": _charts(report),
        "shadows": [_aged(each, epoch_ms(request.now)) for each in report.shadows],
        "oldest": [_aged(each, epoch_ms(request.now)) for each in report.oldest],
        "long": policy_report.LONG_SHADOW.days,
    }
    return listing.render_list(request, "oversight/policy_report.html", shown, context)


def _aged(each: AgedRule, now: int) -> dict[str, Any]:
    days = (timezone.localdate(from_ms(now)) - timezone.localdate(each.since)).days if each.since is not None else None
    version = each.version
    return {"url": reverse("rule", args=[version.rule]), "version": version, "days": days, "since": each.since}


def _charts(report: PolicyReport) -> list[Chart]:
    """All clauses together, and each of those with the most hits."""
    labels = tuple(date_format(month, "F Y") for month in report.months)
    marks = tuple(date_format(month, "M") for month in report.months)

    def chart(key: str, title: str, sentence: str, *series: tuple[str, tuple[int, ...]]) -> Chart:
        return Chart(key, title, sentence, "Month", labels, tuple(Series(*each) for each in series), marks=marks)

    def months(*counts: Any) -> tuple[int, ...]:
        return tuple(sum(count[month] for count in counts) for month in report.months)

    overridden = months(*(row.overridden for row in report.clauses))
    wrong = months(*(row.wrong for row in report.clauses))
    sentence = f"In twelve months: copies released all the same {sum(overridden):,}, appeals whose writer was right {sum(wrong):,}."
    charts = [chart("wrong", "Overrides and false positives", sentence, ("Overridden", overridden), ("False positives", wrong))]
    most = sorted(report.clauses, key=lambda row: -_count(row))[:MAX_CHARTS]
    for row in sorted((row for row in most if _count(row)), key=lambda row: row.clause):
        enforced, tried = months(row.enforced), months(row.tried)
        sentence = f"In twelve months: copies acted on {sum(enforced):,}, only counted {sum(tried):,}."
        title = f"{row.clause} {_title(row.clause)}".strip() if row.clause != policy_report.NO_CLAUSE else "Other rules"
        charts.append(chart(f"hits-{row.clause}", title, sentence, ("Enforced", enforced), ("Shadow or notify", tried)))
    return charts


def _title(clause: str) -> str:
    return str(CLAUSES[clause].title) if clause in CLAUSES else ""


def _count(row: ClauseMonths) -> int:
    return row.enforced.total() + row.tried.total()


def _clause(r: Any) -> Cell:
    clause = r["row"].clause
    if clause == policy_report.NO_CLAUSE:
        return Cell("Other", hint="emergency rules, and rules that are gone")
    return Cell(clause, f"{reverse('rules')}?clause={clause}", hint=_title(clause))


def _before(r: Any) -> int | str:
    """Enforced in the month before; nothing is known before the first one."""
    at = r["months"].index(r["month"])
    return r["row"].enforced[r["months"][at - 1]] if at else ""


COLUMNS = (
    Column("clause", "Clause", _clause),
    Column("rules", "Rules in force", lambda r: r["row"].rules, num=True, name="rules"),
    Column("enforced", "Enforced", lambda r: r["row"].enforced[r["month"]], num=True, name="enforced"),
    Column("before", "The month before", _before, num=True, name="the month before"),
    Column("tried", "Shadow or notify", lambda r: r["row"].tried[r["month"]], num=True, name="shadow or notify"),
    Column("overridden", "Overridden", lambda r: r["row"].overridden[r["month"]], num=True, name="overridden"),
    Column("wrong", "False positives", lambda r: r["row"].wrong[r["month"]], num=True, name="false positives"),
    Column("year", "Twelve months", lambda r: _count(r["row"]), num=True, name="twelve months"),
)
