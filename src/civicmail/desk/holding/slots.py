"""When somebody wants their digest: the moments at which one is due. Pure; knows no Django.

A digest is about everything between its moment and the one before, so a worker that was away, a clock that was put on or back, and
a round that is made twice tell nobody twice and leave nothing out.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

DAYS: Final = ("daily", "working", "weekly")
"""Every day; Monday to Friday without the city's holidays; on Mondays."""
HOURS: Final = range(5, 20)
BACK: Final = timedelta(days=3)
"""How far the first digest of somebody goes back."""
BACK_MOST: Final = timedelta(days=15)
_SATURDAY: Final = 5


def last(days: str, hour: int, at: datetime, zone: tzinfo, holidays: Collection[str] = ()) -> datetime:
    """The newest moment that is not after `at`. days: of DAYS; hour: in `zone`; holidays: days as 2026-12-24."""
    here = at.astimezone(zone)
    for back in range(15):
        day = here.date() - timedelta(days=back)
        moment = datetime.combine(day, time(hour), zone)
        if moment <= at and _is_one(days, day, holidays):
            return moment
    return datetime.combine(here.date() - timedelta(days=15), time(hour), zone)  # two weeks of holidays


def since(told: datetime | None, slot: datetime) -> datetime:
    """From when on a digest tells what happened. told: up to when somebody has heard of it."""
    if told is None or told - slot > BACK_MOST:  # a clock had gone far ahead
        return slot - BACK
    return max(told, slot - BACK_MOST)


def _is_one(days: str, day: date, holidays: Collection[str]) -> bool:
    if days == "weekly":
        return day.weekday() == 0
    return days == "daily" or (day.weekday() < _SATURDAY and day.isoformat() not in holidays)
