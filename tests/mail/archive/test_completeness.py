"""Promises 1, 2 and 8: a record that any place lacks is named, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import given

from civicmail.mail.archive.completeness import ARCHIVE, COPY, Gap, Numbers, compare
from civicmail.mail.archive.record_rows import RecordRow, Spans
from civicmail.mail.archive.records import Type

INDEX = "index"
_SPANS: Spans = {"0001": (3, 40), "0002": (1, 9), "0003": (7, 7)}
_TYPES = (Type.RECEIPT, Type.RECEIPT, Type.DELIVERED)
_ALL = [
    RecordRow(name, number, _TYPES[number % 3], int(name).to_bytes(8) + number.to_bytes(8))
    for name, (first, last) in _SPANS.items()
    for number in range(first, last + 1)
]
_MESSAGES = [row for row in _ALL if row.type == Type.RECEIPT]
_numbers = st.sets(st.sampled_from(_ALL), max_size=12)


@pytest.mark.rule(
    "P-15, promise 2", "Each record that archive, index or second place lacks is named with its number, and no other is."
)
@given(
    archive=_numbers,
    index=st.sets(st.sampled_from(_MESSAGES), max_size=12),
    copy=_numbers,
    excused=_numbers,
    order=st.randoms(use_true_random=False),
)
def test_each_gap_is_named_and_nothing_else(
    archive: set[RecordRow], index: set[RecordRow], copy: set[RecordRow], excused: set[RecordRow], order: object
) -> None:
    here = [row for row in _ALL if row not in archive] + [RecordRow("0001", 41, 1, b"later"), RecordRow("0009", 1, 1, b"other")]
    order.shuffle(here)  # type: ignore[attr-defined]

    def index_of(ids: Sequence[bytes]) -> set[bytes]:
        return {row.id for row in _MESSAGES if row not in index}.intersection(ids)

    def accounted() -> Iterator[tuple[str, int, int]]:
        return ((row.journal, row.number, row.number) for row in excused)

    compared = compare(
        _SPANS, lambda: here + here[:5], {INDEX: index_of}, lambda: (r for r in _ALL if r not in copy), accounted=accounted
    )
    expected = set()
    for row in (archive | index | copy) - excused:
        gone, uncopied = row in archive, row in copy
        lacks = ((ARCHIVE,) if gone else (INDEX,) if row in index else ()) + ((COPY,) if uncopied else ())
        nameless = gone and uncopied
        expected.add(Gap(row.journal, row.number, b"" if nameless else row.id, 0 if nameless else row.type, lacks))
    assert set(compared.gaps) == expected and len(compared.gaps) == len(expected)
    assert compared.records == len(_ALL)
    assert compared.accounted == len(archive & excused)
    assert compared.receipts == len([row for row in _MESSAGES if row not in archive])


@pytest.mark.rule("P-15, promise 2", "Without a second place the index names a message that the archive lost.")
def test_the_index_names_what_the_archive_lost() -> None:
    lost = _MESSAGES[0]
    compared = compare(_SPANS, lambda: [r for r in _ALL if r != lost], {}, strays=lambda: [lost.id])
    assert compared.gaps == [
        Gap("", 0, lost.id, Type.RECEIPT, (ARCHIVE,)),
        Gap(lost.journal, lost.number, b"", 0, (ARCHIVE,)),
    ]
    whole = compare(_SPANS, lambda: _ALL, {}, strays=lambda: pytest.fail("nothing is missing, so nobody is asked"))
    assert (whole.gaps, whole.records) == ([], len(_ALL))


@given(first=st.integers(1, 1 << 40), length=st.integers(0, 40), data=st.data())
def test_numbers_are_a_set(first: int, length: int, data: st.DataObject) -> None:
    spans = {"0001": (first, first + length - 1)}
    numbers = Numbers(spans)
    model: set[int] = set()
    for number in data.draw(st.lists(st.integers(first - 2, first + length + 2), max_size=60)):
        inside = first <= number < first + length
        assert numbers.add("0001", number) == (inside and number not in model)
        model |= {number} if inside else set()
    assert [number for _, number in numbers.missing()] == [n for n in range(first, first + length) if n not in model]
