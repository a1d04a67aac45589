"""What the report of a department stands beside: the city, the same months a year before, or another department (P-28)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.http import Http404

from civicmail.city.directory.models import Department
from civicmail.city.guard.resources import InDepartment
from civicmail.city.pages.charts import Chart, Series
from civicmail.city.pages.city_request import CityRequest, may, require
from civicmail.front.web.home_charts import Sums, city_median

CITY, YEAR = "city", "year"
OTHER = "of-"
"""Before the code of a department in the URL."""
type Value = Callable[[Counter[str]], float | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """key: as in the URL; name: of its line; beside: before one of its numbers; than: in a sentence; code: of the department that
    is compared, "" for the city."""

    key: str
    name: str
    beside: str
    than: str
    code: str = ""

    def values(self, months: Sequence[date], sums: Sums, value: Value) -> tuple[float | None, ...]:
        """One number for each month, None where nothing is known."""
        if not self.code:
            return city_median(list(months), sums, value)
        return tuple(value(sums[self.code, month]) for month in self.months(months))

    def months(self, months: Sequence[date]) -> list[date]:
        """The months that are compared with these."""
        return [month.replace(year=month.year - 1) for month in months] if self.key == YEAR else list(months)

    def onto(self, chart: Chart, values: tuple[float | None, ...]) -> Chart:
        """The chart with these numbers in the place of the city's, which it has already."""
        if not self.code:
            return chart
        newest, unit = values[-1], "%" if chart.unit == "%" else f" {chart.unit}" if chart.unit else ""
        number = "nothing was counted" if newest is None else f"{newest:,.{chart.decimals}f}{unit}"
        sentence = f"{chart.sentence.partition('; ')[0].rstrip('.')}. {self.name}: {number}."
        return replace(chart, series=(chart.series[0], Series(self.name, values)), sentence=sentence)


THE_CITY = Comparison(CITY, "City median", "city", "the city’s median")


def readable(request: CityRequest) -> list[Department]:
    """Departments whose report this person may read, by name. One query."""
    rows = Department.objects.filter(closed__isnull=True).order_by("name", "pk")
    return [row for row in rows if may(request, "statement.see", InDepartment(row.code))]


def chosen(request: CityRequest, where: Department, departments: Collection[Department]) -> Comparison:
    """The comparison that the URL names; without one the city. Raises NotPermitted for a department whose report this person may
    not read, Http404 for an unknown one."""
    key = request.GET.get("compare", "")
    if key == YEAR:
        return Comparison(YEAR, "A year before", "a year before", "a year before", where.code)
    if not key.startswith(OTHER):
        return THE_CITY
    code = key.removeprefix(OTHER)
    require(request, "statement.see", InDepartment(code))
    other = next((row for row in departments if row.code == code), None)
    if other is None:
        raise Http404
    return Comparison(key, other.name, other.name, other.name, other.code)


def choices(where: Department, departments: Collection[Department]) -> list[tuple[str, str]]:
    """(value, words) of the field."""
    others = [(f"{OTHER}{row.code}", row.name) for row in departments if row.pk != where.pk]
    return [(CITY, "City median"), (YEAR, "A year before"), *others]
