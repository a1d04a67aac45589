"""Days as people mean them. Whoever gives a day means all of it, so what ends with it ends at the midnight after it, in the city's
time zone; and people read the day that they gave."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone


def last_day(ends: datetime) -> date:
    """The last day on which something holds that ends at this moment."""
    return timezone.localdate(ends - timedelta(microseconds=1))


def holidays() -> frozenset[date]:
    """Working days on which the city does not work."""
    return frozenset(date.fromisoformat(day) for day in settings.CITY.oversight.holidays)
