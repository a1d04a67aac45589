"""The day that people read of what ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from civicmail.city.pages.days import last_day
from civicmail.city.pages.forms import end_of_day
from civicmail.front.web import formatting


@pytest.mark.rule("P-05, P-09", "The end of a day is shown as that day in lists, facts and mail, in every time zone.")
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "UTC", "America/Chicago", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1), date(2026, 12, 31)])  # clocks change on two
def test_who_gives_a_day_reads_that_day_in_every_zone(zone: str, day: date) -> None:
    with timezone.override(zone):
        ends = datetime.fromtimestamp(end_of_day(day) / 1000, UTC)
        assert last_day(ends) == last_day(ends - timedelta(hours=1)) == day
        assert last_day(ends + timedelta(hours=1)) == day + timedelta(days=1)
        assert formatting.fact(ends) == formatting.last_day(ends) == formatting.day(day)
