"""When a digest is due. Pure; without Django.

A digest covers the time since the previous one was due. So a stopped worker, a changed clock and a repeated round neither repeat
nor omit anything.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

DAYS: Final = ("daily", "working", "weekly")
"""Every day; Monday to Friday without the city's holidays; on Mondays."""
HOURS: Final = range(5, 20)
FIRST_PERIOD: Final = timedelta(days=3)
"""How far a person's first digest goes back."""
MAX_PERIOD: Final = timedelta(days=15)
_SATURDAY: Final = 5


def last_due(days: str, hour: int, at: datetime, zone: tzinfo, holidays: Collection[str] = ()) -> datetime:
    """The newest moment that is not after `at`. days: of DAYS; hour: in `zone`; holidays: days such as 2026-12-24."""
    local_time = at.astimezone(zone)
    for days_back in range(15):
        day = local_time.date() - timedelta(days=days_back)
        moment = datetime.combine(day, time(hour), zone)
        if moment <= at and _is_digest_day(days, day, holidays):
            return moment
    return datetime.combine(local_time.date() - timedelta(days=15), time(hour), zone)  # two weeks of holidays


def period_start(last_sent: datetime | None, slot: datetime) -> datetime:
    """The start of the period of a digest. last_sent: end of the period of the last one."""
    if last_sent is None or last_sent - slot > MAX_PERIOD:  # a clock had been far ahead
        return slot - FIRST_PERIOD
    return max(last_sent, slot - MAX_PERIOD)


def _is_digest_day(days: str, day: date, holidays: Collection[str]) -> bool:
    if days == "weekly":
        return day.weekday() == 0
    return days == "daily" or (day.weekday() < _SATURDAY and day.isoformat() not in holidays)
