"""Numbers that are accounted for: arithmetic of runs."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk import lost_records

NUMBERS = st.sets(st.integers(1, 40))


def runs(numbers: set[int]) -> lost_records.Spans:
    return lost_records.joined((n, n) for n in numbers)


def numbers(spans: lost_records.Spans) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}


@given(NUMBERS, NUMBERS)
def test_runs_are_sets(a: set[int], b: set[int]) -> None:
    assert numbers(runs(a)) == a
    assert numbers(lost_records.joined(runs(a) + runs(b))) == a | b
    assert numbers(lost_records.without(runs(a), runs(b))) == a - b


@given(NUMBERS, st.integers(1, 40))
def test_what_is_lost_is_stepped_over(gone: set[int], number: int) -> None:
    kept = [n for n in range(number + 1) if n not in gone]
    assert lost_records.before(runs(gone), number) == max(kept)
    after = lost_records.behind(runs(gone), number)
    assert set(range(number + 1, after + 1)) <= gone and after + 1 not in gone


def test_the_file_says_what_was_written_and_rubbish_says_nothing(tmp_path: Path) -> None:
    assert lost_records.read(tmp_path) == []
    lost_records.write(tmp_path, [(3, 3), (7, 9)])
    assert (tmp_path / "lost").read_text() == "3 3\n7 9\n"
    assert lost_records.read(tmp_path) == [(3, 3), (7, 9)]
    (tmp_path / "lost").write_bytes(b"3 x\n")
    assert lost_records.read(tmp_path) == []
