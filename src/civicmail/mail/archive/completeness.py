"""Compare the records that were acknowledged with those that each place has (promises 1, 2 and 8). Pure: streams in, gaps out.

Every journal numbers its records without a gap, and the ledger has each number, so a number without a record is a loss. One bit is
kept for each number, and ids only for what is missing somewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import batched

from civicmail.mail.archive.record_rows import RecordRow, Spans
from civicmail.mail.archive.records import Type

ARCHIVE, COPY = "archive", "second place"
BATCH_SIZE = 4096

Rows = Callable[[], Iterable[RecordRow]]
"""Reads the records of one place, again each time."""
Lookup = Callable[[Sequence[bytes]], Set[bytes]]
"""Which of these captures a place has."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A record that a place lacks. id: of its capture, b"" where no place knows it; type: of records.Type, 0 if unknown; lacks:
    names of places. A capture that only an index knows has no journal and the number 0."""

    journal: str
    number: int
    id: bytes
    type: int
    lacks: tuple[str, ...]


@dataclass(slots=True)
class Comparison:
    """records: numbers that were given; receipts: messages among the records here; accounted: numbers without a record, for which
    a certificate of disposal or an accepted loss accounts; gaps: by journal and number."""

    records: int = 0
    receipts: int = 0
    accounted: int = 0
    gaps: list[Gap] = field(default_factory=list)


class Numbers:
    """A set of record numbers within spans; one bit for each."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._bits = {name: bytearray((last - first) // 8 + 1) for name, (first, last) in spans.items() if first <= last}

    def add(self, journal: str, number: int) -> bool:
        """Whether the number is within the spans and new."""
        if not self._is_within(journal, number) or (journal, number) in self:
            return False
        byte, bit = divmod(number - self._spans[journal][0], 8)
        self._bits[journal][byte] |= 1 << bit
        return True

    def __contains__(self, place: tuple[str, int]) -> bool:
        journal, number = place
        if not self._is_within(journal, number):
            return False
        byte, bit = divmod(number - self._spans[journal][0], 8)
        return bool(self._bits[journal][byte] >> bit & 1)

    def missing(self) -> Iterator[tuple[str, int]]:
        """Numbers within the spans that are not in the set."""
        for name, bits in sorted(self._bits.items()):
            first, last = self._spans[name]
            for byte, value in enumerate(bits):
                if value != 0xFF:
                    start = first + 8 * byte
                    yield from ((name, number) for number in range(start, min(start + 8, last + 1)) if (name, number) not in self)

    def _is_within(self, journal: str, number: int) -> bool:
        first, last = self._spans.get(journal, (1, 0))
        return first <= number <= last


def compare(
    spans: Spans,
    here: Rows,
    lookups: Mapping[str, Lookup],
    copy: Rows | None = None,
    *,
    accounted: Callable[[], Iterable[tuple[str, int, int]]] = tuple,
    strays: Callable[[], Iterable[bytes]] = tuple,
) -> Comparison:
    """Compare the numbers of the spans with the records here, those of the second place, and what other places know of messages.

    lookups: by name of the place. accounted: journal, first and last of numbers that need no record; strays: captures that an index
    has and the archive has not. Both are asked only when something is missing.
    """
    result = Comparison(sum(max(0, last - first + 1) for first, last in spans.values()))
    copied, seen, gaps = Numbers(spans), Numbers(spans), list[Gap]()
    for row in copy() if copy else ():
        copied.add(row.journal, row.number)
    for some in batched((row for row in here() if seen.add(row.journal, row.number)), BATCH_SIZE, strict=False):
        ids = [row.id for row in some if row.type == Type.RECEIPT]
        result.receipts += len(ids)
        known = {place: look(ids) for place, look in lookups.items()} if ids else {}
        for row in some:
            lacks = [place for place in known if row.type == Type.RECEIPT and row.id not in known[place]]
            if copy and (row.journal, row.number) not in copied:
                lacks.append(COPY)
            if lacks:
                gaps.append(Gap(row.journal, row.number, row.id, row.type, tuple(lacks)))
    missing = list(seen.missing())
    if missing or gaps:
        excused = Numbers(spans)
        for name, first, last in accounted():
            low, high = spans.get(name, (1, 0))
            for number in range(max(first, low), min(last, high) + 1):
                excused.add(name, number)
        gaps = [gap for gap in gaps if (gap.journal, gap.number) not in excused]
        unexcused = {place for place in missing if place not in excused}
        result.accounted = len(missing) - len(unexcused)
        gaps += _lost(unexcused, copy, copied, strays)
    result.gaps = sorted(gaps, key=lambda gap: (gap.journal, gap.number, gap.id))
    return result


def _lost(
    missing: set[tuple[str, int]], copy: Rows | None, copied: Numbers, strays: Callable[[], Iterable[bytes]]
) -> Iterator[Gap]:
    """The gaps of the archive, by the names that other places have for them."""
    unnamed = {place for place in missing if place not in copied}
    named = set[bytes]()
    if len(unnamed) < len(missing) and copy:
        for row in {(row.journal, row.number): row for row in copy() if (row.journal, row.number) in missing}.values():
            named.add(row.id)
            yield Gap(row.journal, row.number, row.id, row.type, (ARCHIVE,))
    for name, number in unnamed:
        yield Gap(name, number, b"", 0, (ARCHIVE, COPY) if copy else (ARCHIVE,))
    if unnamed:
        for id_ in set(strays()) - named:
            yield Gap("", 0, id_, Type.RECEIPT, (ARCHIVE,))
