"""Write one batch of a seal: segments with their keys, then the catalogue, each written, synced and read back.

Files are collected and synced together, because the first sync carries most of what the later ones wait for: a mailbox of twenty
years becomes some hundred small segments at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from civicmail.core.disk import frames
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import File, Files, mapped
from civicmail.mail.archive import catalogue, runs, segments, warc
from civicmail.mail.archive.gather import Group, Item, Key
from civicmail.mail.archive.keyring import Keyring, new_key
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.runs import Run
from civicmail.mail.archive.segments import FRAME_SIZE, SEGMENT_SIZE, Row, Segment, SegmentWriter

_OPEN_MOST = 64


class Source(Protocol):
    """The source of a batch's records: gathered journal files, or rewritten segments."""

    def frame(self, item: Item) -> frames.Frame: ...
    def journal_of(self, item: Item) -> str: ...
    def spool_path(self, item: Item, id_: bytes) -> Path: ...


@dataclass(frozen=True, slots=True)
class Carried:
    """Runs that the new ones replace, by month, and the segments whose rows do not go along."""

    runs: Mapping[str, list[Run]]
    gone: frozenset[tuple[str, str]]

    def into(self, month: str, known: list[tuple[str, str]], rows: list[bytes]) -> list[str]:
        """Add what stays of the month's runs; return their names."""
        numbers = {name: at for at, name in enumerate(known)}
        for run in self.runs.get(month, ()):
            for name in run.segments:
                if name not in self.gone and name not in numbers:
                    numbers[name] = len(known)
                    known.append(name)
            mine = {name: numbers.get(name, _NOWHERE) for name in run.segments}
            rows += [row for row in run.sorted_rows(mine) if runs.segment_of(row) != _NOWHERE]
        return [run.name for run in self.runs.get(month, ())]


_NOWHERE = runs.EVENTS - 1
_NOTHING = Carried({}, frozenset())


@dataclass(slots=True)
class _Making:
    """A segment that is being written or waits for its sync. items: of its rows, in order."""

    writer: SegmentWriter
    path: Path
    class_: str
    month: str
    key: bytes
    items: list[Item] = field(default_factory=list)


class BatchWriter:
    """Takes the groups of one batch, then finish(). count: segments written."""

    def __init__(self, data: Path, batch: str, keyring: Keyring, files: Files, *, now: int, checkpoint: str) -> None:
        self.count = 0
        self._data = data
        self._batch = batch
        self._keyring = keyring
        self._files = files
        self._now = now
        self._checkpoint = checkpoint
        self._waiting: list[_Making] = []
        self._rows: dict[str, list[bytes]] = {}  # month -> rows of its run
        self._segments: dict[str, list[tuple[str, str]]] = {}
        self._gathered: Source | None = None
        self._open: list[File] = []

    def add(self, key: Key, group: Group, gathered: Source) -> None:
        """Write the segments of one class and month."""
        self._gathered = gathered
        making = self._start(key)
        for id_, item in sorted(group.captures, key=lambda c: (c[0], c[1].file, c[1].offset)):
            if making.writer.size >= SEGMENT_SIZE:
                self._finished(making)
                making = self._start(key)
            self._capture(making, id_, item)
            for event in group.events.pop(id_, ()):
                self._event(making, event)
        for id_ in sorted(group.events):
            if making.writer.size >= SEGMENT_SIZE:
                self._finished(making)
                making = self._start(key)
            for event in group.events[id_]:
                self._event(making, event)
        self._finished(making)

    def finish(self, carried: Carried = _NOTHING) -> set[str]:
        """Make all added records durable, add them to the catalogue and read them back; return the months."""
        self._store()
        written: list[tuple[Path, Path, File]] = []
        months = {*self._rows, *carried.runs}
        for month in sorted(months):
            known, rows = self._segments.get(month, []), self._rows.get(month, [])
            replaces = carried.into(month, known, rows)
            place = catalogue.folder(self._data) / month
            self._files.make_folder(place)
            temporary = place / f".{self._batch}.new"
            file = self._files.open(temporary, create=True)
            self._open.append(file)
            file.write_at(0, [runs.encode(rows, known, replaces)])
            written.append((temporary, place / f"{self._batch}.run", file))
        for temporary, path, file in written:
            file.sync()
            file.close()
            self._files.rename(temporary, path)
        for _, path, _ in written:
            self._files.sync_folder(path.parent)
            Run(path).check()
        self.close()
        return months

    def close(self) -> None:
        """Let every file go, also after an error."""
        for file in self._open:
            file.close()
        self._open.clear()

    # -- one segment -------------------------------------------------------------------------------------------------------

    def _start(self, key: Key) -> _Making:
        class_, month = key
        name = f"{self._batch}{self.count:08x}"
        self.count += 1
        path = segments.path_of(self._data, class_, month, name)
        self._files.make_folder(path.parent, levels=2)
        secret = new_key()
        temporary = path.with_name(f".{name}")
        writer = SegmentWriter(
            self._files, temporary, name, secret, class_=class_, month=month, created=self._now, checkpoint=self._checkpoint
        )
        self._open.append(writer.file)
        return _Making(writer, path, class_, month, secret)

    def _capture(self, making: _Making, id_: bytes, item: Item) -> None:
        assert self._gathered is not None
        frame = self._gathered.frame(item)
        row = Row(Type.RECEIPT, self._gathered.journal_of(item), frame.number, id_, frame.sha256, 0, 0)
        making.items.append(item)
        if not frame.spooled:
            making.writer.receipt(row, item.at, frame.head, frame.body)
            return
        with mapped(self._gathered.spool_path(item, id_)) as m, memoryview(m) as body:
            making.writer.receipt(row, item.at, frame.head, body if len(body) > FRAME_SIZE else bytes(body))

    def _event(self, making: _Making, item: Item) -> None:
        assert self._gathered is not None
        frame = self._gathered.frame(item)
        row = Row(frame.type, self._gathered.journal_of(item), frame.number, frame.id, bytes(32), 0, 0)
        making.items.append(item)
        making.writer.event(row, item.at, frame.head)

    def _finished(self, making: _Making) -> None:
        making.writer.finish()
        self._waiting.append(making)
        if len(self._waiting) >= _OPEN_MOST:
            self._store()

    # -- many segments -----------------------------------------------------------------------------------------------------

    def _store(self) -> None:
        """Make the segments that wait durable and read them back."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        self._keyring.keep({m.writer.segment: m.key for m in waiting})
        for making in waiting:
            making.writer.file.sync()
            making.writer.file.close()
            self._files.rename(making.writer.path, making.path)
        self.close()
        for folder in sorted({making.path.parent for making in waiting}):
            self._files.sync_folder(folder)
        for making in waiting:
            self._read_back(making)
            known = self._segments.setdefault(making.month, [])
            rows = self._rows.setdefault(making.month, [])
            rows += runs.rows_of(len(known), making.writer.rows)
            known.append((making.class_, making.writer.segment))

    def _read_back(self, making: _Making) -> None:
        """Compare what the disk has with the journals: every head byte for byte, every body by its SHA-256."""
        assert self._gathered is not None
        name = making.writer.segment
        segment = Segment(making.path, name, self._keyring.open(name))
        rows = list(segment.rows())
        if rows != making.writer.rows:
            raise DamagedFile(f"Segment {name} was not written as it should be: its table differs.")
        expected = zip(rows, making.items, strict=True)
        known: set[bytes] = set()
        last: Row | None = None
        for number, offset, record, block in _records(segment):
            if record.type == b"metadata":
                last, item = next(expected)
                if (last.frame, last.offset) != (number, offset) or block != self._gathered.frame(item).head:
                    raise DamagedFile(f"Segment {name} was not written as it should be: record {last.number} differs.")
            elif record.type == b"resource":
                if last is None or hashlib.sha256(block).digest() != last.sha256:
                    raise DamagedFile(f"Segment {name} was not written as it should be: a body differs.")
                known.add(last.sha256)
            elif record.type == b"revisit" and (last is None or last.sha256 not in known):
                raise DamagedFile(f"Segment {name} was not written as it should be: a body is missing.")
        if next(expected, None) is not None:
            raise DamagedFile(f"Segment {name} was not written as it should be: records are missing.")
        segment.close()


def _records(segment: Segment) -> Iterator[tuple[int, int, warc.WarcRecord, memoryview]]:
    """(frame, offset, record, block) of every record of a segment in order."""
    for number in range(segment.frames):
        frame = segment.frame(number)
        offset = 0
        while offset < len(frame):
            record = warc.parse(frame, offset)
            if record is None:
                raise DamagedFile(f"Segment {segment.segment} has no record at byte {offset} of frame {number}.")
            yield number, offset, record, memoryview(frame)[record.start : record.stop]
            offset = record.end
