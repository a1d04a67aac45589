"""Working hours of the city: eight to five on its working days (P-22). Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from civicmail.city.guard.working_days import SATURDAY

OPENS, CLOSES = time(8), time(17)


def working_time(since: datetime, now: datetime, holidays: Collection[date]) -> timedelta:
    """The working time between two moments, which are in the city's time zone; zero if the clock was set back."""
    total, day = timedelta(), since.date()
    while day <= now.date():
        if day.weekday() < SATURDAY and day not in holidays:
            begin = max(since, datetime.combine(day, OPENS, since.tzinfo))
            end = min(now, datetime.combine(day, CLOSES, since.tzinfo))
            total += max(end - begin, timedelta())
        day += timedelta(days=1)
    return total


def is_open(at: datetime, holidays: Collection[date]) -> bool:
    """Whether it is working time."""
    return at.weekday() < SATURDAY and at.date() not in holidays and OPENS <= at.time() < CLOSES
