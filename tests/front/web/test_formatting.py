"""How times and amounts are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from time_machine import Traveller

from civicmail.city.pages.forms import end_of_day
from civicmail.front.web import formatting


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 3, 2, 15, 12, tzinfo=UTC), "Today 9:12 a.m."),
        (datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "Yesterday 2 p.m."),
        (datetime(2026, 1, 23, 20, 5, tzinfo=UTC), "Jan 23, 2:05 p.m."),
        (datetime(2025, 11, 23, 20, 5, tzinfo=UTC), "Nov 23, 2025, 2:05 p.m."),
    ],
)
def test_a_time_is_told_as_people_say_it_and_exactly_in_its_title(frozen: Traveller, at: datetime, said: str) -> None:
    told = formatting.when(at)
    assert f">{said.replace('2 p.m.', '2:00 p.m.')}</time>" in told
    assert "CST" in told
    assert f'datetime="{at.astimezone(formatting.timezone.get_current_timezone()).isoformat(timespec="seconds")}"' in told


def test_days_and_exact_times_and_nothing(frozen: Traveller) -> None:
    assert ">Mar 2, 2026</time>" in formatting.day(date(2026, 3, 2))
    assert "2026-03-02T06:00:00-06:00" in formatting.exact(1_772_452_800_000)
    assert formatting.when(None) == formatting.day(None) == formatting.exact(None) == ""


@pytest.mark.rule("P-05, P-09", "The end of a day is shown as that day, and not as the next one.")
def test_what_ends_with_a_day_is_told_by_that_day() -> None:
    """A day that somebody gave ends at the midnight after it, and is told as it was given."""
    ends = datetime.fromtimestamp(end_of_day(date(2027, 3, 1)) / 1000, UTC)
    assert ">Mar 1, 2027</time>" in formatting.last_day(ends) and ">Mar 2, 2027</time>" in formatting.day(ends)
    assert ">Mar 2, 2027</time>" in formatting.last_day(ends + timedelta(hours=1)) and formatting.last_day(None) == ""
    assert ">Mar 1, 2027</time>" in formatting.last_day(date(2027, 3, 1))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (41, "41 seconds"), (1860, "31 min"), (7440, "2 h 04 min"), (259_200, "3 days"), (None, "")],
)
def test_a_span_is_told_in_its_largest_units(seconds: float | None, said: str) -> None:
    assert formatting.span(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (22_400, "22 KB"),
        (999_600, "1000 KB"),
        (4_100_000, "4.1 MB"),
        (52_000_000, "52 MB"),
        (3_000_000_000, "3.0 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_in_which_it_is_short(count: int, said: str) -> None:
    assert formatting.size(count) == said


def test_a_share_is_never_told_without_its_base_and_money_has_two_digits() -> None:
    assert formatting.share(31, 258) == "12 % (31 of 258)"
    assert formatting.share(0, 0) == "none of 0"
    assert formatting.money(21_250) == "$212.50"
    assert formatting.fact(1204) == "1,204"


def test_facts_tell_the_hour_of_what_is_near_and_the_day_of_what_is_not(frozen: Traveller) -> None:
    assert "Today 9:12 a.m." in str(formatting.fact(datetime(2026, 3, 2, 15, 12, tzinfo=UTC)))
    assert formatting.fact(datetime(2026, 1, 2, 15, 12, tzinfo=UTC)) == formatting.day(date(2026, 1, 2))
    assert formatting.fact(date(2026, 3, 2)) == formatting.day(date(2026, 3, 2))


def test_times_and_amounts_are_told_in_spanish_as_in_the_united_states(frozen: Traveller) -> None:
    with translation.override("es"):
        assert ">Hoy 9:12 a.m.</time>" in formatting.when(datetime(2026, 3, 2, 15, 12, tzinfo=UTC))
        assert ">Ayer 2:00 p.m.</time>" in formatting.when(datetime(2026, 3, 1, 20, 0, tzinfo=UTC))
        assert ">23 ene, 2:05 p.m.</time>" in formatting.when(datetime(2026, 1, 23, 20, 5, tzinfo=UTC))
        assert ">2 mar 2026</time>" in formatting.day(date(2026, 3, 2))
        assert (formatting.span(1), formatting.span(259_200)) == ("1 segundo", "3 días")
        assert formatting.share(31, 1258) == "2 % (31 de 1,258)"
        assert (formatting.fact(1204), formatting.money(21_250), formatting.size(4_100_000)) == ("1,204", "$212.50", "4.1 MB")
