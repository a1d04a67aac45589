"""A feed that lies is stopped and not obeyed, however it lies (L7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.directory import deletion_threshold, feed_diff
from civicmail.city.directory.feed_diff import FeedResult, Known
from civicmail.city.directory.feed_file import Feed, Row

TODAY = date(2026, 3, 2)
DEPARTMENTS = frozenset({"clerk", "parks", "fire"})
COLUMNS = frozenset({"uid", "family", "given", "kind", "department", "ends"})
PEOPLE = 200


def _rows(count: int = PEOPLE) -> list[Row]:
    return [Row(n + 2, f"e-{n}", f"Family{n}", "employee", "clerk", given=f"Given{n}") for n in range(count)]


def _known(rows: Sequence[Row]) -> dict[str, Known]:
    return {r.uid: Known(r.uid, r.family, r.given, r.shown, "", "en", r.kind, r.department, ends=r.ends, open=True) for r in rows}


def _said(rows: Sequence[Row], known: dict[str, Known]) -> list[FeedResult]:
    return feed_diff.compare(Feed(COLUMNS, list(rows)), known, DEPARTMENTS, {}, TODAY)


Lie = Callable[[Row, int], Row]
LIES: dict[str, tuple[Lie, str]] = {
    "everybody ends next week": (lambda r, n: replace(r, ends=TODAY + timedelta(days=7)), "would end 200 people"),
    "one in twenty ends tomorrow": (lambda r, n: replace(r, ends=TODAY + timedelta(days=1)) if n % 20 == 0 else r, "end 10 people"),
    "everybody moves": (lambda r, n: replace(r, department="parks"), "would move 200 people"),
    "names were shifted by a line": (lambda r, n: replace(r, family=f"Family{n + 1}"), "would rename 200 people"),
    "everybody is a volunteer": (lambda r, n: replace(r, kind="volunteer"), "change the kind of 200 people"),
}


@pytest.mark.rule(
    "P-08, L7",
    "A list that ends no access by absence and is still wrong is held: last days, transfers, names, kinds of many people.",
)
@pytest.mark.parametrize("lie", LIES)
def test_a_list_that_ends_nobody_by_absence_is_held_all_the_same(lie: str) -> None:
    rows = _rows()
    change, said = LIES[lie]
    lines = _said([change(r, n) for n, r in enumerate(rows)], _known(rows))
    assert said in deletion_threshold.reasons_to_stop(lines, _known(rows), TODAY)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda r: replace(r, department="nowhere"),
            "There is no department nowhere: write the code or name of one or open it.",
        ),
        (lambda r: replace(r, starts=date(2062, 3, 1)), "The first day is more than a year away."),
        (lambda r: replace(r, ends=date(2020, 3, 1)), "The last day has passed; leave the person out of the list."),
    ],
)
def test_lines_that_cannot_be_true_are_refused_and_their_people_stay(change: Callable[[Row], Row], why: str) -> None:
    """All departments renamed, days of another century."""
    rows = _rows()
    lines = _said([change(r) for r in rows], _known(rows))
    assert {(line.did, line.reason) for line in lines} == {("refused", why)} and len(lines) == PEOPLE


@settings(max_examples=40)
@given(missing=st.sets(st.integers(0, PEOPLE - 1), max_size=PEOPLE - 1), known=st.integers(1, PEOPLE))
def test_whoever_is_missing_is_never_ended_unseen_beyond_two_percent(missing: set[int], known: int) -> None:
    """A file that was cut, half of the people gone, one department left out."""
    rows = _rows()
    there = _known(rows[:known])
    lines = _said([r for n, r in enumerate(rows) if n not in missing], there)
    ended = sum(line.did == "ended" for line in lines)
    assert ended == len({n for n in missing if n < known})
    assert bool(deletion_threshold.reasons_to_stop(lines, there, TODAY)) == (ended * 50 > known)


def test_a_usual_week_is_not_held() -> None:
    rows = _rows()
    week = [
        *(replace(r, department="parks") for r in rows[:5]), *(replace(r, family="New") for r in rows[5:10]),
        *(replace(r, ends=TODAY + timedelta(days=9)) for r in rows[10:12]), *rows[12:198], *_rows(210)[200:],
    ]  # fmt: skip
    assert deletion_threshold.reasons_to_stop(_said(week, _known(rows)), _known(rows), TODAY) == ""


@pytest.mark.parametrize(("ended", "people", "held"), [(0, 3, False), (1, 3, True), (3, 200, False), (4, 200, True)])
def test_one_by_one_the_first_is_never_too_many(ended: int, people: int, held: bool) -> None:
    assert deletion_threshold.is_one_too_many(ended, people) is held
