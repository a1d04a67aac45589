"""Working days: weekends, and legal holidays by rule and by date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from civicmail.city.law.entries import Days, Entry, Reading

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


class Holiday(Entry, frozen=True, kw_only=True):
    """A legal holiday, in one of three forms: month and day; month, weekday and nth (-1 is the last), plus days; dates.

    every, first_year: only in each such year, counted from the first; observed: `monday` moves it from Sunday to Monday, `nearest`
    from Saturday to Friday as well; doubtful: some periods count it, others do not (entries.Reading).
    """

    month: Annotated[int, Meta(ge=0, le=12)] = 0
    day: Annotated[int, Meta(ge=0, le=31)] = 0
    weekday: Weekday | None = None
    nth: Annotated[int, Meta(ge=-1, le=5)] = 0
    plus: Annotated[int, Meta(ge=0, le=6)] = 0
    dates: tuple[date, ...] = ()
    every: Annotated[int, Meta(ge=1, le=100)] = 1
    first_year: int = 1
    observed: Literal["", "monday", "nearest"] = ""
    doubtful: bool = False

    def __post_init__(self) -> None:
        forms = (bool(self.day), self.weekday is not None, bool(self.dates))
        if sum(forms) != 1 or bool(self.month) == bool(self.dates) or bool(self.nth) != (self.weekday is not None):
            raise ValueError("a holiday has month and day, or month, weekday and nth, or dates")
        if self.day:
            date(2000, self.month, self.day)

    def days_of(self, year: int) -> Iterator[date]:
        """The days of the rule in this year, as they are observed; that can be a day of the year before or after."""
        for day in self._rule(year):
            if self.applies_on(day):
                yield self._observed(day)

    def _rule(self, year: int) -> Iterator[date]:
        if year < self.first_year or (year - self.first_year) % self.every:
            return
        if self.dates:
            yield from (day for day in self.dates if day.year == year)
        elif self.weekday is None:
            if (self.month, self.day) != (2, 29) or _is_leap(year):
                yield date(year, self.month, self.day)
        elif (day := _nth(year, self.month, WEEKDAYS.index(self.weekday), self.nth)) is not None:
            yield day + self.plus * _DAY

    def _observed(self, day: date) -> date:
        if self.observed and day.weekday() == _SUNDAY:
            return day + _DAY
        if self.observed == "nearest" and day.weekday() == _SATURDAY:
            return day - _DAY
        return day


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Which days count. weekend: weekdays that never do."""

    citation: str
    weekend: tuple[Weekday, ...]
    holidays: tuple[Holiday, ...] = field(name="holiday", default=())
    note: str = ""
    confirm: bool = False

    def __post_init__(self) -> None:
        if len(set(self.weekend)) > len(WEEKDAYS) - 1:
            raise ValueError("a week needs a working day")

    def is_working(self, day: date, reading: Reading = "short") -> bool:
        """Whether the day counts."""
        if day.weekday() in self._weekend:
            return False
        return not any(reading == "long" or not holiday.doubtful for holiday in self.holidays_of(day.year).get(day, ()))

    def holidays_of(self, year: int) -> dict[date, tuple[Holiday, ...]]:
        """The holidays observed in a year."""
        if (known := self._years.get(year)) is None:
            known = {}
            for holiday in self.holidays:
                for near in range(max(year - 1, 2), min(year + 1, date.max.year - 1) + 1):
                    for day in holiday.days_of(near):
                        if day.year == year:
                            known[day] = (*known.get(day, ()), holiday)
            self._years[year] = known
        return known

    def after(self, start: date, days: Days, reading: Reading = "short") -> date:
        """The last day of a period of working days; the first of them is the one after start. 0 days: start."""
        end = start
        for _ in range(days):
            end = self.next_working(end + _DAY, reading)
        return end

    def next_working(self, day: date, reading: Reading = "short") -> date:
        """The first working day that is not before this one."""
        while not self.is_working(day, reading):
            day += _DAY
        return day

    def working_days(self, start: date, end: date, reading: Reading = "short") -> int:
        """How many working days lie after start, up to and with end; 0 if end is not later."""
        return sum(self.is_working(day, reading) for day in days_between(start, end))

    @cached_property
    def _weekend(self) -> frozenset[int]:
        return frozenset(WEEKDAYS.index(name) for name in self.weekend)

    @cached_property
    def _years(self) -> dict[int, dict[date, tuple[Holiday, ...]]]:
        return {}


def days_between(start: date, end: date) -> Iterator[date]:
    """The days after start, up to and with end."""
    return (start + n * _DAY for n in range(1, (end - start).days + 1))


def _nth(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The nth such weekday of the month; None in months without a fifth."""
    first = date(year, month, 1)
    day = first + (weekday - first.weekday()) % 7 * _DAY
    of_month = [later for later in (day + 7 * n * _DAY for n in range(5)) if later.month == month]
    index = nth if nth < 0 else nth - 1
    return of_month[index] if index < len(of_month) else None


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
