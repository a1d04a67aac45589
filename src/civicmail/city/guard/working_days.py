"""Working days of the city: Monday to Friday, without its holidays (E4). Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

SATURDAY = 5


def end_of_next(at: datetime, holidays: Collection[date]) -> datetime:
    """Midnight at the end of the first working day after the day of this moment, which is in the city's time zone."""
    return end_of_nth(at, 1, holidays)


def end_of_nth(at: datetime, days: int, holidays: Collection[date]) -> datetime:
    """Midnight at the end of the nth working day after the day of this moment, which is in the city's time zone."""
    day = at.date()
    while days:
        day += timedelta(days=1)
        days -= not _is_off(day, holidays)
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), at.tzinfo)


def latest(day: date, holidays: Collection[date]) -> date:
    """This day if it is a working day, else the last one before it."""
    while _is_off(day, holidays):
        day -= timedelta(days=1)
    return day


def whole_between(since: datetime, now: datetime, holidays: Collection[date]) -> int:
    """The number of complete working days after the day of `since`; both in the city's time zone."""
    days = (now.date() - since.date()).days
    return sum(not _is_off(since.date() + timedelta(days=n), holidays) for n in range(1, days))


def _is_off(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() >= SATURDAY or day in holidays
