"""Working days: weekends, legal holidays by rule and by date, and periods of both readings (R8)."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.law.calendar import Calendar, days_between
from civicmail.city.law.shipped import shipped

WISCONSIN = shipped("wisconsin").calendar
FEDERAL = shipped("federal").calendar
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
CALENDARS = st.sampled_from([WISCONSIN, FEDERAL])
READINGS = st.sampled_from(["short", "long"])


def named(calendar: Calendar, year: int) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for day, holidays in sorted(calendar.holidays_of(year).items()):
        for holiday in holidays:
            found.setdefault(holiday.id, []).append(day)
    return found


def holiday(text: dict[str, object]) -> Calendar:
    plain = {"citation": "c", "weekend": ["saturday", "sunday"], "holiday": [{"id": "h", "title": "t", "citation": "c"} | text]}
    return msgspec.convert(plain, Calendar)


def test_r8_legal_holidays_of_wisconsin_in_two_years() -> None:
    """Wis. Stat. 995.20, read by hand."""
    found = named(WISCONSIN, 2027)
    sure = {h.id for h in WISCONSIN.holidays if not h.doubtful}
    assert {id_: days for id_, days in found.items() if id_ in sure} == {
        "new-year": [date(2027, 1, 1)],
        "january-15": [date(2027, 1, 15)],
        "presidents-day": [date(2027, 2, 15)],
        "memorial-day": [date(2027, 5, 31)],
        "independence-day": [date(2027, 7, 5)],  # the 4th is a Sunday
        "labor-day": [date(2027, 9, 6)],
        "columbus-day": [date(2027, 10, 11)],
        "veterans-day": [date(2027, 11, 11)],
        "thanksgiving": [date(2027, 11, 25)],
        "christmas": [date(2027, 12, 25)],  # a Saturday stays one
    }
    assert found["municipal-election"] == [date(2027, 4, 6)]
    assert not {"general-election", "partisan-primary"} & found.keys()
    assert named(WISCONSIN, 2028)["general-election"] == [date(2028, 11, 7)]
    assert named(WISCONSIN, 2028)["partisan-primary"] == [date(2028, 8, 8)]


def test_federal_holidays_move_from_saturday_to_friday() -> None:
    """5 USC 6103 (b): also into the year before."""
    assert named(FEDERAL, 2027)["independence-day"] == [date(2027, 7, 5)]
    assert named(FEDERAL, 2026)["independence-day"] == [date(2026, 7, 3)]
    assert named(FEDERAL, 2021)["new-year"] == [date(2021, 1, 1), date(2021, 12, 31)]
    assert named(FEDERAL, 2022).get("new-year") is None
    assert "juneteenth" not in named(FEDERAL, 2020)
    assert named(FEDERAL, 2029)["inauguration-day"] == [date(2029, 1, 20)]


@pytest.mark.parametrize(
    ("rule", "year", "days"),
    [
        ({"month": 2, "day": 29}, 2027, []),
        ({"month": 2, "day": 29}, 2028, [date(2028, 2, 29)]),
        ({"month": 3, "weekday": "friday", "nth": 5}, 2026, []),
        ({"month": 5, "weekday": "friday", "nth": 5}, 2026, [date(2026, 5, 29)]),
        ({"dates": [date(2027, 6, 1), date(2028, 6, 2)]}, 2027, [date(2027, 6, 1)]),
        ({"month": 11, "weekday": "monday", "nth": 1, "plus": 1}, 2026, [date(2026, 11, 3)]),
    ],
)
def test_a_holiday_by_rule_or_by_date(rule: dict[str, object], year: int, days: list[date]) -> None:
    assert sorted(holiday(rule).holidays_of(year)) == days


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"month": 2},
        {"day": 3},
        {"month": 2, "day": 30},
        {"month": 5, "weekday": "friday"},
        {"month": 5, "day": 1, "weekday": "friday", "nth": 1},
        {"month": 5, "dates": [date(2027, 6, 1)]},
        {"month": 13, "day": 1},
    ],
)
def test_a_rule_that_names_no_day_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        holiday(rule)


def test_a_week_without_working_days_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="working day"):
        week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        msgspec.convert({"citation": "c", "weekend": week}, Calendar)


@given(CALENDARS, DAYS, st.integers(0, 120), READINGS)
def test_a_period_of_n_days_holds_n_working_days_and_ends_on_one(calendar: Calendar, start: date, days: int, reading: str) -> None:
    end = calendar.after(start, days, reading)  # type: ignore[arg-type]
    assert calendar.working_days(start, end, reading) == days  # type: ignore[arg-type]
    assert end == start if days == 0 else calendar.is_working(end, reading)  # type: ignore[arg-type]


@given(CALENDARS, DAYS, st.integers(0, 120))
def test_the_long_reading_never_ends_before_the_short_one(calendar: Calendar, start: date, days: int) -> None:
    assert calendar.after(start, days, "long") >= calendar.after(start, days, "short")


@given(CALENDARS, DAYS, DAYS, DAYS)
def test_working_days_add_up(calendar: Calendar, a: date, b: date, c: date) -> None:
    a, b, c = sorted([a, b, c])
    assert calendar.working_days(a, c) == calendar.working_days(a, b) + calendar.working_days(b, c)
    assert calendar.working_days(c, a) == 0


@given(CALENDARS, st.integers(1995, 2085))
def test_no_weekend_works_and_no_week_is_all_holidays(calendar: Calendar, year: int) -> None:
    days = list(days_between(date(year - 1, 12, 31), date(year, 12, 31)))
    assert not [day for day in days if day.weekday() >= 5 and calendar.is_working(day)]
    assert 240 <= sum(map(calendar.is_working, days)) <= 253
    assert all(calendar.next_working(day, "long") - day <= timedelta(days=5) for day in days)
