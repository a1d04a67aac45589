"""Retention schedules as data: how long, from when, by whose approval, and until when that is good (P-23, promise 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import civicmail.city.law
from civicmail.city.law.errors import BadSchedule
from civicmail.city.law.schedules import LATEST, Schedules, parse

SAMPLE = Path(civicmail.city.law.__path__[0], "schedules.toml").read_text()


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def one(**changes: str) -> str:
    lines = {
        "class": '"mail"',
        "id": '"S-1"',
        "title": '"t"',
        "years": "7",
        "trigger": '"received"',
        "approval": '"council"',
        "approved": "2026-01-01",
        "expires": "2036-01-01",
        "historical": '"waived"',
    } | changes
    return "[[schedule]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items() if value)


def test_the_sample_city_has_schedules_that_can_be_read() -> None:
    found = parse(SAMPLE)
    assert set(found.by_class) == {"mail", "executive", "quarantine", "refused"}
    assert found.classes_of(["Mayor@City.example", "b@city.example"]) == {"executive"}
    assert found.classes_of(["b@city.example"]) == set()


@pytest.mark.parametrize(
    ("received", "changes", "due"),
    [
        ("2020-02-29T10:00", {}, "2027-03-01T10:00"),
        ("2020-06-01T10:00", {}, "2027-06-01T10:00"),
        ("2020-06-01T10:00", {"trigger": '"year-end"'}, "2028-01-01T00:00"),
        ("2020-06-01T10:00", {"days": "10"}, "2027-06-11T10:00"),
    ],
)
def test_a_period_begins_with_its_trigger(received: str, changes: dict[str, str], due: str) -> None:
    assert parse(one(**changes)).by_class["mail"].due(ms(received)) == ms(due)


def test_what_is_due_is_due_and_not_a_moment_before() -> None:
    found, received = parse(one()), ms("2020-06-01T10:00")
    end = ms("2027-06-01T10:00")
    assert found.decide({"mail"}, received, end).is_due
    assert found.decide({"mail"}, received, end - 1).why == "not yet"


@pytest.mark.rule("P-23, promise 3", "An expired schedule disposes of nothing.")
def test_an_expired_schedule_disposes_of_nothing() -> None:
    found = parse(one(expires="2027-06-30"))
    received = ms("2020-06-01T10:00")
    assert found.decide({"mail"}, received, ms("2027-06-30T23:59")).is_due
    assert found.decide({"mail"}, received, ms("2027-07-01T00:00")).why == "expired"
    assert found.decide({"mail"}, ms("2001-01-01"), ms("2025-12-31")).why == "expired"  # nor before it was approved


@pytest.mark.rule("P-23, promise 3", "Nothing is disposed of before the longest of its periods has ended.")
def test_the_longest_class_decides_and_doubt_about_any_says_no() -> None:
    found = parse(one() + "\n" + one(**{"class": '"hr"', "id": '"S-2"', "years": "9"}))
    received = ms("2017-06-01")
    assert found.longest_kept_class({"mail", "hr"}, received) == "hr"
    assert found.decide({"mail"}, received, ms("2026-06-01")).is_due
    assert found.decide({"mail", "hr"}, received, ms("2026-05-31")).why == "not yet"
    assert found.decide({"mail", "hr"}, received, ms("2026-06-01")).is_due
    assert found.decide({"mail", "unheard-of"}, received, ms("2030-01-01")).why == "no schedule"


def test_what_is_permanent_is_never_due() -> None:
    found = parse(one(years="", permanent="true"))
    decision = found.decide({"mail"}, 0, ms("2030-01-01"))
    assert (decision.why, decision.due) == ("permanent", LATEST)


def test_the_historical_society_is_told_sixty_days_before() -> None:
    received, now = ms("2010-01-01"), ms("2026-06-01")
    assert parse(one(historical='"notify"')).decide({"mail"}, received, now).why == "notice"
    assert parse(one(historical='"notify"', notified="2026-04-03")).decide({"mail"}, received, now).why == "notice"
    assert parse(one(historical='"notify"', notified="2026-04-02")).decide({"mail"}, received, now).is_due


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing else"),
        ("a = [", "no TOML"),
        ("schedule = [1]", "no table"),
        (one(years="6"), "board"),
        (one(years="", days="90"), "board"),
        (one(years=""), "years, days or permanent"),
        (one(permanent="true"), "years, days or permanent"),
        (one(expires="2036-01-02"), "10 years at most"),
        (one(expires="2025-01-01"), "before it was approved"),
        (one(trigger='"sometime"'), "trigger"),
        (one(historical='"perhaps"'), "historical"),
        (one(approval=""), "needs approval"),
        (one(approval='" "'), "cannot be empty"),
        (one(years="true"), "needs years"),
        (one(approved='"2026"'), "a date"),
        (one(color='"red"'), "color"),
        (one() + "\n" + one(), "two schedules"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(BadSchedule, match=says):
        parse(text)


@given(st.integers(0, LATEST), st.integers(7, 9000), st.integers(0, 10_000), st.sampled_from(["received", "year-end"]))
def test_no_period_is_shorter_than_its_years(received: int, years: int, days: int, trigger: str) -> None:
    found: Schedules = parse(one(years=str(years), days=str(days), trigger=f'"{trigger}"'))
    due = found.by_class["mail"].due(received)
    assert due == LATEST or due >= received + (years * 365 + days) * 86_400_000
