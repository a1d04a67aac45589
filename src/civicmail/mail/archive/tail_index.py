"""An index in memory of all records that are not sealed yet: capture id and SHA-256 -> file and offset.

Only the fixed part of each frame is read, without its checksum, so that a command indexes 30,000 records in a few hundredths of a
second; reading the content checks it. A record takes some sixty bytes of memory (columns.py). In a journal with an owner only
synced records count; in one without an owner, every whole record counts, as for its next owner.
"""

from __future__ import annotations

import mmap
import struct
import sys
from array import array
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import mapped
from civicmail.core.disk.lease import is_held
from civicmail.mail.archive.columns import Keys
from civicmail.mail.archive.places import InJournal, Place
from civicmail.mail.archive.records import Type

_FIXED = struct.Struct("<4sBBHI4xQQ8x16s32s")  # the fixed part without checksum and durable
_SIZE = frames.FIXED.size


@dataclass(slots=True)
class _Log:
    """One journal file as far as it was read: columns of its receipts, then of its events and entries. at: start of the next
    record; before: start of the last one, whose length may be damaged."""

    path: Path
    next: int  # number of the record that follows
    at: int = frames.FILE_HEADER_SIZE
    before: int = frames.FILE_HEADER_SIZE - 1
    ids: Keys = field(default_factory=lambda: Keys(16))
    hashes: Keys = field(default_factory=lambda: Keys(32))
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    about: Keys = field(default_factory=lambda: Keys(16))
    events: array[int] = field(default_factory=lambda: array("Q"))

    def place(self, row: int) -> Place:
        return Place(self.ids[row], self.hashes[row], InJournal(self.path, self.offsets[row]))


class TailIndex:
    """Lookups over all unsealed records of a data folder. skip: journal files that were sealed and only wait to be removed."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._logs: dict[str, _Log] = {}
        self._receipts: list[_Log] = []  # those with some: single releases leave many without any

    def refresh(self, skip: Collection[Path] = ()) -> None:
        """Read the records appended since the last call and forget removed files."""
        logs: dict[str, _Log] = {}
        sealed = set(map(str, skip))
        for name in journal.names(self._data):
            place = journal.folder(self._data) / name
            durable = journal.read_durable(place)
            held = is_held(place / "lock")
            known = journal.log_names(place)
            ends = [first for first, _ in known[1:]] + [1 << 63]
            for (first, path), end in zip(known, ends, strict=False):  # a journal may have no file yet
                if path in sealed:
                    continue
                log = self._logs.get(path) or _Log(Path(path), first)
                try:
                    if log.next < end:  # else it was read to its end, and nothing comes into it any more
                        _extend(log, min(durable, end - 1), held)
                except FileNotFoundError:
                    continue
                logs[path] = log
        self._logs = logs
        self._receipts = [log for log in logs.values() if log.ids.packed]

    # -- lookups -----------------------------------------------------------------------------------------------------------

    def place(self, id_: bytes) -> Place | None:
        for log in self._receipts:
            if rows := log.ids.rows(id_):
                return log.place(rows[-1])
        return None

    def by_sha256(self, sha256: bytes) -> list[Place]:
        """Every capture of these bytes."""
        return [log.place(row) for log in self._receipts for row in log.hashes.rows(sha256)]

    def by_prefix(self, digits: str) -> list[Place]:
        """Captures whose id or SHA-256 begins with these hexadecimal digits, at least two."""
        start = bytes.fromhex(digits[: len(digits) // 2 * 2])
        places = []
        for log in self._logs.values():
            rows = {row for keys in (log.ids, log.hashes) for row in keys.beginning(start) if keys[row].hex().startswith(digits)}
            places += [log.place(row) for row in sorted(rows)]
        return places

    def events(self, id_: bytes) -> list[InJournal]:
        """The places of the event records about a capture."""
        return [InJournal(log.path, log.events[row]) for log in self._logs.values() for row in log.about.rows(id_)]

    def captures(self) -> Iterator[Place]:
        """Every unsealed capture in storage order; SHA-256 included."""
        for log in self._logs.values():
            for row in range(len(log.ids)):
                yield log.place(row)

    def between(self, low: bytes, high: bytes) -> list[Place]:
        """Unsealed captures whose ids lie from low to high, in no order."""
        first, last = int.from_bytes(low[:8]), int.from_bytes(high[:8])
        places = []
        for log in self._logs.values():
            halves = array("Q", bytes(log.ids.packed))
            if sys.byteorder == "little":
                halves.byteswap()
            rows = [row for row, half in enumerate(halves[0::2]) if first <= half <= last]
            places += [place for place in map(log.place, rows) if low <= place.id <= high]
        return places

    def records(self) -> Iterator[tuple[bytes, InJournal]]:
        """Capture id and place of every event and entry, file by file."""
        for log in self._logs.values():
            for row, offset in enumerate(log.events):
                yield log.about[row], InJournal(log.path, offset)

    def count(self) -> int:
        """Unsealed captures."""
        return sum(len(log.ids) for log in self._logs.values())


def _extend(log: _Log, durable: int, held: bool) -> None:
    if held and log.next > durable:
        return
    with mapped(log.path) as m:
        size = len(m)
        if size > log.at:
            _walk(log, m, durable)
    if held or size <= log.at:
        return
    content = log.path.read_bytes()  # not mapped: the journal's next owner may cut a torn tail during this read
    for frame in frames.walk(content, log.at, first=log.next):
        _add(log, frame.type, frame.id, frame.sha256, frame.offset)
        log.at, log.next, log.before = frame.end, frame.number + 1, frame.offset


def _walk(log: _Log, m: bytes | mmap.mmap, last: int) -> None:
    """Index the records up to number `last`; after a damaged one continue with the next whole one."""
    size, at, number, before = len(m), log.at, log.next, log.before
    unpack = _FIXED.unpack_from
    ids, hashes, offsets, about, events = log.ids.packed, log.hashes.packed, log.offsets, log.about.packed, log.events
    while number <= last and at + _SIZE <= size:
        magic, type_, _, zero, head, body, frame_number, id_, sha256 = unpack(m, at)
        end = at + ((_SIZE + head + body + 7) & ~7)
        if magic != frames.MAGIC or zero or frame_number != number or end > size:
            frame = frames.next_after_damage(m, before, number)
            if frame is None or frame.number > last:
                break
            at, number = frame.offset, frame.number
            del frame
            continue
        if type_ == Type.RECEIPT:
            ids += id_
            hashes += sha256
            offsets.append(at)
        else:
            about += id_
            events.append(at)
        before, at = at, end
        number += 1
    log.at, log.next, log.before = at, number, before


def _add(log: _Log, type_: int, id_: bytes, sha256: bytes, offset: int) -> None:
    if type_ == Type.RECEIPT:
        log.ids.packed += id_
        log.hashes.packed += sha256
        log.offsets.append(offset)
    else:
        log.about.packed += id_
        log.events.append(offset)


@contextmanager
def _frame(where: InJournal) -> Iterator[frames.Frame]:
    with mapped(where.path) as m:
        frame = frames.decode(m, where.offset)
        if frame is None:
            place = where.path.parent.name
            raise DamagedFile(f"The record at byte {where.offset} of {where.path.name} in journal {place} is damaged.")
        yield frame
        frame.head.release()
        frame.body.release()


def read_head(where: InJournal) -> bytes:
    """The head of a record. Raises FileNotFoundError once it was sealed, DamagedFile when the record is not whole."""
    with _frame(where) as frame:
        return bytes(frame.head)


def read_body(where: InJournal) -> tuple[int, bytes, bytes, bytes]:
    """(flags, capture id, SHA-256, body in the frame) of a record; errors as read_head."""
    with _frame(where) as frame:
        return frame.flags, frame.id, frame.sha256, bytes(frame.body)
