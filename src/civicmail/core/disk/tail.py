"""Follow all journals of a data folder from a set of positions. Courier, index, ledger and sealer use it.

Positions are {journal: last number read}. A live journal is read only as far as its owner has synced it, so that no consumer acts
on a record that a power cut could remove. A journal without an owner is read equally far; adopt() then takes it, cuts and syncs it,
so that its durable records need no new owner.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from civicmail.core.disk import frames, journal, lost_records
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.files import OS_FILES, Files, mapped
from civicmail.core.disk.lease import is_held

Positions = dict[str, int]


class Record(NamedTuple):
    """One record, copied out of a journal. path: its file (the journal's folder is path.parent)."""

    journal: str
    path: Path
    offset: int
    type: int
    flags: int
    number: int
    id: bytes
    sha256: bytes
    head: bytes
    body: bytes

    @property
    def spool(self) -> Path | None:
        """The path of the body if it is not in the frame."""
        return self.path.parent / "spool" / self.id.hex() if self.flags & frames.SPOOLED else None


class Tail:
    """Reads new records of every journal; bodies=False omits bodies (most of the bytes)."""

    def __init__(self, data: Path, positions: Mapping[str, int] | None = None, *, bodies: bool = True) -> None:
        self.data = data
        self.positions: Positions = dict(positions or {})
        self._bodies = bodies
        self._at: dict[str, tuple[Path, int]] = {}  # journal -> file and offset where its next record begins

    def poll(self, limit: int = 4096, but: str = "") -> list[Record]:
        """At most `limit` new durable records of each journal, each journal's in order. positions moves behind them. but: a journal
        whose records come to the caller on another way."""
        records: list[Record] = []
        for name in journal.names(self.data):
            if name == but:
                continue
            place = journal.folder(self.data) / name
            durable = journal.read_durable(place)
            if durable > self.positions.get(name, 0):
                records += self._read(name, place, durable, limit)
        return records

    def passed(self, name: str, number: int) -> None:
        """Records of this journal up to here came to the caller on that other way."""
        self.positions[name] = number
        self._at.pop(name, None)

    def is_left_behind(self) -> bool:
        """Whether records were sealed and removed before they were read. Then no file has them, and poll() cannot tell."""
        top = journal.folder(self.data)
        return any(journal.read_retired(top / name) > self.positions.get(name, 0) for name in journal.names(self.data))

    def behind(self) -> int:
        """The number of durable records not read yet."""
        top = journal.folder(self.data)
        return sum(max(0, journal.read_durable(top / n) - self.positions.get(n, 0)) for n in journal.names(self.data))

    def _read(self, name: str, place: Path, durable: int, limit: int) -> list[Record]:
        records: list[Record] = []
        next_number = self.positions.get(name, 0) + 1
        while next_number <= durable and len(records) < limit:
            path, offset = self._at.get(name) or self._find(place, next_number)
            try:
                with mapped(path) as m:
                    first = max(next_number, int(path.stem))  # records in between were sealed and removed
                    for record, end in self._records(
                        name, path, m, offset, next_number, min(durable, first + limit - len(records) - 1)
                    ):
                        records.append(record)
                        next_number, offset = record.number + 1, end
            except FileNotFoundError:  # sealed and removed since the listing
                self._at.pop(name, None)
                if not any(first >= next_number for first, _ in journal.log_files(place)):
                    break
                continue
            self.positions[name] = next_number - 1
            self._at[name] = (path, offset)
            if next_number <= durable and len(records) < limit:
                following = [p for first, p in journal.log_files(place) if first >= next_number and p != path]
                if not following:
                    break
                self._at[name] = (following[0], frames.FILE_HEADER_SIZE)
                next_number = max(next_number, int(following[0].stem))
        return records

    def _find(self, place: Path, number: int) -> tuple[Path, int]:
        """The file with record `want`, or the first one behind it if that was sealed already."""
        files = journal.log_files(place)
        before = [p for first, p in files if first <= number]
        if before:
            return before[-1], frames.FILE_HEADER_SIZE
        return (files[0][1] if files else place / "none"), frames.FILE_HEADER_SIZE

    def _records(
        self, name: str, path: Path, m: bytes | mmap.mmap, offset: int, expected: int, last: int
    ) -> Iterator[tuple[Record, int]]:
        number = expected - 1
        while number < last:
            frame = frames.decode(m, offset) or frames.next_after_damage(m, offset, expected)
            if frame is None or frame.number > last:
                return
            offset, number = frame.end, frame.number
            if number >= expected:
                body = bytes(frame.body) if self._bodies else b""
                yield (
                    Record(
                        name, path, frame.offset, frame.type, frame.flags, number, frame.id, frame.sha256, bytes(frame.head), body
                    ),
                    offset,
                )


def adopt(data: Path, *, files: Files = OS_FILES) -> list[str]:
    """Recover every journal that is not held and may have records that were never called durable; return their names."""
    adopted = []
    for name in journal.names(data):
        place = journal.folder(data) / name
        if is_held(place / "lock"):
            continue
        known = journal.log_files(place)
        if not known or _is_closed(known[-1][1], lost_records.before(lost_records.read(place), journal.read_durable(place))):
            continue
        try:
            journal.Journal.take_named(data, name, files=files).close()
        except (LeaseHeld, DamagedFile):
            continue
        adopted.append(name)
    return adopted


def _is_closed(path: Path, durable: int) -> bool:
    """Whether the file ends with the durable record: nothing to cut and nothing to sync."""
    last = last_frame(path)
    return last is not None and last[0] == durable and last[1] == path.stat().st_size


def last_frame(path: Path) -> tuple[int, int] | None:
    """(number, end) of the last whole record of a file, without checking checksums; None when it has none."""
    last = None
    with mapped(path) as m:
        for frame in frames.walk(m, check=False):
            last = (frame.number, frame.end)
            del frame
    return last
