"""A run: the sealed records of one month in order of capture id, in mapped columns (docs/formats.md, "Catalogue").

Forty bytes a capture. Lookups are bisections over whole columns; only matching rows become Python objects. Columns are
little-endian and used without conversion, so a data folder belongs to little-endian machines.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import map_of
from civicmail.mail.archive.places import InSegment
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.segments import Row

_HEADER = struct.Struct("<4sIIIII")  # magic, crc of header and meta, bytes of meta, rows, captures, crc of the columns
_MAGIC = b"CVC1"
_SORTED = struct.Struct(">16sIIIIQ")  # capture id, segment and event bit, frame, offset, zero, SHA-256 prefix
EVENTS = 1 << 31  # in the segment column: the row is of events that were sealed apart from their capture
_QS = _SORTED.size // 8
HEADER_SIZE = _HEADER.size
ROW_BYTES, CAPTURE_BYTES = 28, 12  # of all columns together


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: where the head of a capture begins, or the first of consecutive events about it."""

    id: bytes
    events: bool
    where: InSegment


class Run:
    """A run file, mapped. name: what other runs that replace it call it; hashes: first eight bytes of SHA-256, ascending."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self.month = path.parent.name
        with path.open("rb") as h:
            try:
                self._map = map_of(h.fileno())
                magic, crc, meta, self.rows, self.captures, self._crc = _HEADER.unpack_from(self._map, 0)
            except (ValueError, struct.error):
                raise self._damaged("it is too short") from None
        fixed = _HEADER.pack(magic, 0, meta, self.rows, self.captures, self._crc)
        start = _HEADER.size + meta
        if magic != _MAGIC or zlib.crc32(self._map[_HEADER.size : start], zlib.crc32(fixed)) != crc:
            raise self._damaged("its header was changed")
        if len(self._map) != start + self.rows * ROW_BYTES + self.captures * CAPTURE_BYTES:
            raise self._damaged("its length is not what its header says")
        self._start = start
        facts = orjson.loads(self._map[_HEADER.size : start])
        self.segments: list[tuple[str, str]] = [(class_, segment) for class_, segment in facts["segments"]]
        self.replaces: frozenset[str] = frozenset(facts["replaces"])
        view = memoryview(self._map)
        at = start
        columns: list[memoryview] = []
        for kind, width, count in (
            [("Q", 8, self.rows)] * 2 + [("Q", 8, self.captures)] + [("I", 4, self.rows)] * 3 + [("I", 4, self.captures)]
        ):
            columns.append(view[at : at + width * count].cast(kind))  # type: ignore[call-overload]  # Q or I
            at += width * count
        self._high, self._low, self.hashes, self._segment, self._frame, self._offset, self._sha_row = columns

    def entries(self, low: bytes, high: bytes) -> list[Entry]:
        """Rows whose capture id is at least `low` and at most `high`, in order."""
        return [self._entry(row) for row in range(self._left(low), self._right(high))]

    def between(self, low: bytes, high: bytes) -> Iterator[Entry]:
        """As entries, but newest first and one at a time."""
        for row in reversed(range(self._left(low), self._right(high))):
            yield self._entry(row)

    def count_between(self, low: bytes, high: bytes) -> int:
        """The number of captures with ids from low to high."""
        rows = slice(self._left(low), self._right(high))
        return sum(segment < EVENTS for segment in self._segment[rows])

    def by_hash(self, low: int, high: int) -> list[Entry]:
        """Captures whose first eight bytes of SHA-256, as a big-endian number, are from `low` to `high`."""
        start = bisect_left(self.hashes, low)
        rows = [self._sha_row[k] for k in range(start, bisect_right(self.hashes, high, start))]
        if rows and max(rows) >= self.rows:
            raise self._damaged("a SHA-256 points behind its end")
        return [self._entry(row) for row in rows]

    def each(self, *, newest_first: bool = False) -> Iterator[Entry]:
        """Every row in order of capture id."""
        for row in reversed(range(self.rows)) if newest_first else range(self.rows):
            yield self._entry(row)

    def captures_by_segment(self) -> dict[tuple[str, str], int]:
        """The number of captures of each (class, segment) that the run names."""
        return {self.segments[n]: count for n, count in Counter(self._segment).items() if n < EVENTS}

    def by_place(self) -> Iterator[Entry]:
        """Every row in storage order: segment, frame, offset."""
        places = zip((s & ~EVENTS for s in self._segment), self._frame, self._offset, range(self.rows), strict=True)
        for *_, row in sorted(places):
            yield self._entry(row)

    def sorted_rows(self, segments: dict[tuple[str, str], int]) -> Iterator[bytes]:
        """Rows as `encode` takes them; segments: the numbers that segments get in the new run."""
        hashes = array("Q", bytes(8 * self.rows))
        for k, row in enumerate(self._sha_row):
            hashes[row] = self.hashes[k]
        numbers = [segments[segment] for segment in self.segments]
        for row in range(self.rows):
            segment = self._segment[row]
            number = numbers[segment & ~EVENTS] | segment & EVENTS
            yield _SORTED.pack(self._id(row), number, self._frame[row], self._offset[row], 0, hashes[row])

    def columns(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Rows in order of capture id: both halves of it, segment with event bit, frame, offset."""
        return zip(self._high, self._low, self._segment, self._frame, self._offset, strict=True)

    def hash_rows(self) -> Iterator[tuple[int, int]]:
        """First eight bytes of SHA-256, ascending, with the row that each belongs to."""
        return zip(self.hashes, self._sha_row, strict=True)

    def check(self) -> None:
        """Raise DamagedFile when the columns are not those that were written."""
        if zlib.crc32(self._map[self._start :]) != self._crc:
            raise self._damaged("its columns were changed")

    def _entry(self, row: int) -> Entry:
        segment = self._segment[row]
        if segment & ~EVENTS >= len(self.segments):
            raise self._damaged(f"row {row} names no segment of it")
        class_, name = self.segments[segment & ~EVENTS]
        where = InSegment(class_, self.month, name, self._frame[row], self._offset[row])
        return Entry(self._id(row), bool(segment & EVENTS), where)

    def _id(self, row: int) -> bytes:
        return bytes(self._high[row].to_bytes(8) + self._low[row].to_bytes(8))

    def _left(self, id_: bytes) -> int:
        high, low = int.from_bytes(id_[:8]), int.from_bytes(id_[8:])
        start = bisect_left(self._high, high)
        return bisect_left(self._low, low, start, bisect_right(self._high, high, start))

    def _right(self, id_: bytes) -> int:
        high, low = int.from_bytes(id_[:8]), int.from_bytes(id_[8:])
        start = bisect_left(self._high, high)
        return bisect_right(self._low, low, start, bisect_right(self._high, high, start))

    def _damaged(self, why: str) -> DamagedFile:
        name = f"{self.month}/{self.path.name}"
        return DamagedFile(f"Run {name} of the catalogue is damaged: {why}; `rebuild catalogue` makes it new.")


def rows_of(number: int, rows: Iterable[Row]) -> Iterator[bytes]:
    """The rows of a run about the records of one segment, as `encode` takes them. number: of the segment in the run."""
    for row in groups_of(rows):
        if row.type == Type.RECEIPT:
            yield _SORTED.pack(row.id, number, row.frame, row.offset, 0, int.from_bytes(row.sha256[:8]))
        else:
            yield _SORTED.pack(row.id, number | EVENTS, row.frame, row.offset, 0, 0)


def segment_of(row: bytes) -> int:
    """The number of the segment that a row, as `encode` takes it, is in."""
    number: int = _SORTED.unpack(row)[1]
    return number & ~EVENTS


def groups_of(rows: Iterable[Row]) -> Iterator[Row]:
    """The records with a row of their own: each capture, and the first of events that do not directly follow their capture."""
    before = bytes(16)
    for row in rows:
        if row.type == Type.RECEIPT or (row.id != before and any(row.id)):
            yield row
        before = row.id


def encode(rows: Iterable[bytes], segments: list[tuple[str, str]], replaces: Iterable[str] = ()) -> bytes:
    """A run file. segments: (class, segment id) by number; equal rows become one."""
    ordered = [row for row, _ in itertools.groupby(sorted(rows))]
    joined = b"".join(ordered)
    wide, narrow = array("Q", joined), array("I", joined)
    wide.byteswap()
    narrow.byteswap()
    high, low, hashes = wide[0::_QS], wide[1::_QS], wide[4::_QS]
    segment, frame, offset = narrow[4 :: 2 * _QS], narrow[5 :: 2 * _QS], narrow[6 :: 2 * _QS]
    by_hash = array("I", sorted((i for i, s in enumerate(segment) if s < EVENTS), key=hashes.__getitem__))
    sha = array("Q", map(hashes.__getitem__, by_hash))
    columns = b"".join(column.tobytes() for column in (high, low, sha, segment, frame, offset, by_hash))
    meta = meta_of(segments, replaces)
    return header_of(meta, len(ordered), len(by_hash), zlib.crc32(columns)) + meta + columns


def meta_of(segments: list[tuple[str, str]], replaces: Iterable[str]) -> bytes:
    """The padded bytes between header and columns."""
    meta = orjson.dumps({"segments": segments, "replaces": sorted(replaces)})
    return meta.ljust(len(meta) + -(_HEADER.size + len(meta)) % 8)


def header_of(meta: bytes, rows: int, captures: int, crc: int) -> bytes:
    """The header of a run. crc: of the columns."""
    counts = (len(meta), rows, captures, crc)
    return _HEADER.pack(_MAGIC, zlib.crc32(meta, zlib.crc32(_HEADER.pack(_MAGIC, 0, *counts))), *counts)
