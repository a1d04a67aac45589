"""The weekly sample: all of few, some of many, and the same for everybody who draws it (I3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.desk.oversight import sampling
from civicmail.desk.oversight.sampling import monday_of, name_of, sample

IDS = st.lists(st.uuids().map(str), max_size=60, unique=True)


@pytest.mark.rule(
    "P-17, I3",
    "In a week with fewer than twenty reveals all are reviewed; the sample of a larger one cannot be influenced.",
)
@given(IDS, st.randoms())
def test_a_week_with_fewer_than_twenty_is_read_whole_and_a_larger_one_in_part(ids: list[str], chance: object) -> None:
    """And the order in which entries are asked for changes nothing."""
    drawn = sample("2026-W48", ids)
    assert set(drawn) <= set(ids) and len(set(drawn)) == len(drawn)
    assert len(drawn) == (len(ids) if len(ids) < 20 else 20)
    chance.shuffle(ids)  # type: ignore[attr-defined]
    assert sample("2026-W48", ids) == drawn


def test_of_very_many_it_is_a_tenth_and_another_week_draws_otherwise() -> None:
    ids = [f"{n:032x}" for n in range(400)]
    assert len(sample("2026-W48", ids)) == 40
    assert set(sample("2026-W48", ids)) != set(sample("2026-W49", ids))


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_a_week_is_named_as_iso_8601_does_and_begins_on_its_monday(day: date) -> None:
    monday = monday_of(name_of(day))
    assert monday is not None
    assert monday.weekday() == 0
    assert timedelta(0) <= day - monday < timedelta(days=7)
    assert sampling.last_whole(day) == name_of(monday - timedelta(days=1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-W",
        "2026-W60",
        "2026-W00",
        "2026-W9",
        "20260-W01",
        "abcd-W01",
        "2026-W1x",
        "9999-W52",
        "0001-W01",
        "٢٠٢٦-W01",
    ],
)
def test_other_words_name_no_week(text: str) -> None:
    assert monday_of(text) is None
