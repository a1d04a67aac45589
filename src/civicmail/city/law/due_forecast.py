"""What becomes due in each of the next years under schedules, from counts by class and month of receipt. Pure.

A month counts once the period of its last moment is over, so that the picture is never ahead of disposal. Holds are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from civicmail.city.law.schedules import LATEST, Schedule, Schedules

YEARS = 10

type Months = Mapping[str, Mapping[str, int]]
"""Month, as 2026-12 -> class -> captures received in it."""


@dataclass(frozen=True, slots=True)
class ClassForecast:
    """One class. title: of its schedule, "" without one; total: captures; due: whose period is over now; years: those that follow
    in the rest of this year and in each of the next; later: after these; lapsed: of all these, those for which the approval expires
    before; stays: what prevents disposal now, "" for nothing."""

    class_: str
    title: str
    total: int
    due: int
    years: tuple[int, ...]
    later: int
    lapsed: int
    stays: str

    @property
    def at_once(self) -> int:
        """What may be disposed of now."""
        return 0 if self.stays else self.due


def forecast(months: Months, schedules: Schedules | None, now: int) -> list[ClassForecast]:
    """By class, in order of names. schedules: None without any. now: epoch ms."""
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    classes = sorted({class_ for counts in months.values() for class_ in counts})
    by_class = schedules.by_class if schedules is not None else {}
    return [_of_class(class_, months, by_class.get(class_), now, today) for class_ in classes]


def _of_class(class_: str, months: Months, s: Schedule | None, now: int, today: date) -> ClassForecast:
    total = sum(counts.get(class_, 0) for counts in months.values())
    nothing = (0,) * YEARS
    if s is None:
        return ClassForecast(class_, "", total, 0, nothing, 0, 0, "no schedule")
    stays = s.obstacle_on(today) or ""
    if stays == "permanent":
        return ClassForecast(class_, s.title, total, 0, nothing, 0, 0, stays)
    due = later = lapsed = 0
    years = [0] * YEARS
    for month, counts in months.items():
        if not (number := counts.get(class_, 0)):
            continue
        end = s.due(last_of(month))
        at = _year_of(end) - today.year
        if end <= now:
            due += number
        elif at < YEARS:
            years[at] += number
        else:
            later += number
        if stays == "expired" or datetime.fromtimestamp(end / 1000, UTC).date() > s.expires:
            lapsed += number
    return ClassForecast(class_, s.title, total, due, tuple(years), later, lapsed, stays)


def last_of(month: str) -> int:
    """The last ms of a month, as 2026-12."""
    year, number = (int(part) for part in month.split("-"))
    begins = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC) if year < 9999 else None
    return int(begins.timestamp()) * 1000 - 1 if begins is not None else LATEST


def _year_of(at: int) -> int:
    return datetime.fromtimestamp(at / 1000, UTC).year
