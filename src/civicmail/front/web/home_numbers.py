"""Charts of Home: a department's for who heads it, and the city's for roles that look at numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.charts import Chart
from civicmail.city.pages.city_request import CityRequest, may
from civicmail.city.pages.months import last_months
from civicmail.desk.oversight.queries import rules
from civicmail.front.web import home_charts
from civicmail.front.web.conduct_charts import acceptance_chart, violations_chart
from civicmail.front.web.system import statistics, statistics_charts
from civicmail.front.web.system.statistics_charts import SCALES

MONTHS = 12
MAX_CHARTS = 3


@dataclass(frozen=True, slots=True)
class Numbers:
    """One group of charts. more: (words, URL) of the page with all of them, if there is one for this person."""

    title: str
    charts: list[Chart]
    more: tuple[str, str] | None = None


def of_person(request: CityRequest) -> list[Numbers]:
    """Of the department that this person heads, and of the city."""
    groups = []
    now = epoch_ms(request.now)
    months = last_months(timezone.localdate(request.now), MONTHS)
    department, charts = home_charts.of_department(request.actor, now)
    if department is not None:
        code, name = department
        title = gettext("{department} in numbers").format(department=name)
        report = reverse("department-report", args=[code])
        groups.append(Numbers(title, charts, (gettext("Department report"), report)))
    if charts := [chart for chart in _of_city(request, months, now) if chart.is_known][:MAX_CHARTS]:
        more = (gettext("Mail statistics"), reverse("mail-statistics")) if may(request, "health.see") else None
        groups.append(Numbers(gettext("The city in numbers"), charts, more))
    return groups


def _of_city(request: CityRequest, months: list[date], now: int) -> list[Chart]:
    """What the roles look at first; people with several have the charts of the first ones."""
    charts = []
    if may(request, "statements.see"):
        charts += [acceptance_chart(settings.CITY.city.name, (), months, now), violations_chart((), months)]
    if may(request, "health.see"):
        slots = statistics.slots_of(statistics.DEFAULT, now)
        charts += statistics_charts.of_mail(SCALES[statistics.DEFAULT], slots)[:2]
    if may(request, "reports.see"):
        slots = SCALES[statistics.DEFAULT].slots(request.now)
        hits = rules.hits_by_day(_day(slots[0].begins))
        charts.append(statistics_charts.of_hits(SCALES[statistics.DEFAULT], slots, hits, statistics.unwanted()))
    return charts


def _day(at: int) -> date:
    return timezone.localdate(from_ms(at))
