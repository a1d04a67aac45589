"""Days as people mean them. Whoever gives a day means all of it, so what ends with it ends at the midnight after it, in the city's
time zone; and people read the day that they gave."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from civicmail.city.guard.epoch import epoch_ms, from_ms


def start_of_day(day: date) -> int:
    """ms at the start of a day, in the city's time zone."""
    return epoch_ms(timezone.make_aware(datetime.combine(day, time.min)))


def end_of_day(day: date) -> int:
    """ms at the end of a day, in the city's time zone."""
    return start_of_day(day + timedelta(days=1))


def last_day(ends: datetime) -> date:
    """The last day on which something holds that ends at this moment."""
    return timezone.localdate(ends - timedelta(microseconds=1))


def city_day(at: int) -> date:
    """The day of a moment (ms), in the city's time zone."""
    return timezone.localdate(from_ms(at))


def holidays() -> frozenset[date]:
    """Working days on which the city does not work."""
    return frozenset(date.fromisoformat(day) for day in settings.CITY.oversight.holidays)
