"""Gather closed journal files for a seal: check their records and group them by class and month.

A file is closed when its journal has continued in another one, or when its last whole record ends at its last byte. Files are
sealed in order: a damaged one keeps its journal's later files from being sealed, and `verify` names it.
"""

from __future__ import annotations

import hashlib
import mmap
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk import frames, journal, lost_records
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import map_of, mapped
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.records import Type, month_of

LEDGER_CLASS = "ledger"
_CLASS = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LogFile:
    """A closed journal file: numbers of its first and last record, size in bytes."""

    journal: str
    path: Path
    first: int
    last: int
    size: int


@dataclass(frozen=True, slots=True)
class Item:
    """One record to be sealed. file: its place in Gathered.files; at: time of receipt, or of the event, ms."""

    file: int
    offset: int
    at: int


@dataclass(slots=True)
class Group:
    """The records of one class and month. Captures are keyed by (id, file, offset) so that they can be put in order of receipt."""

    captures: list[tuple[bytes, Item]] = field(default_factory=list)
    events: dict[bytes, list[Item]] = field(default_factory=dict)


def closed(data: Path, passed: Mapping[str, int]) -> Iterator[LogFile]:
    """Closed files whose records all have been passed, journal by journal in order. passed: {journal: last number}."""
    for name in journal.names(data):
        place = journal.folder(data) / name
        lost_spans = lost_records.read(place)
        durable = lost_records.before(lost_spans, journal.read_durable(place))
        known = journal.log_files(place)
        for at, (first, path) in enumerate(known):
            size = path.stat().st_size
            if at + 1 < len(known):
                last = lost_records.before(lost_spans, known[at + 1][0] - 1)
            elif first <= durable and end_of(path, first, durable) == size:
                last = durable
            else:
                break
            if last > passed.get(name, 0):
                break
            yield LogFile(name, path, first, last, size)


def end_of(path: Path, first: int, last: int) -> int:
    """The end of record `last`; 0 if it does not exist. Later bytes are ignored, because the owner may be cutting the file."""
    with mapped(path) as m:
        for frame in frames.walk(m, check=False, first=first):
            number, end = frame.number, frame.end
            del frame
            if number == last:
                return end
    return 0


class Gathered:
    """The records of some closed files, mapped while the context is open. Enter it, then add() files."""

    def __init__(self, class_of: Callable[[bytes], str | None]) -> None:
        self.files: list[LogFile] = []
        self.groups: dict[Key, Group] = {}
        self.spool: list[tuple[str, str]] = []
        self.records = 0
        self.size = 0  # bytes of files and spool files
        self._class_of = class_of
        self._classes: dict[bytes, str] = {}
        self._events: list[tuple[bytes, Item]] = []
        self._maps: list[mmap.mmap] = []

    def __enter__(self) -> Gathered:
        return self

    def __exit__(self, *_: object) -> None:
        self._maps.clear()  # each map is closed with the last view of it

    def add(self, file: LogFile) -> None:
        """Read and check a file. Raises DamagedFile if any record or body is damaged; then nothing of the file was added."""
        with file.path.open("rb") as h:
            view = map_of(h.fileno())
        at, expected, end = len(self.files), file.first, frames.FILE_HEADER_SIZE
        captures: list[tuple[Key, bytes, Item]] = []
        events: list[tuple[bytes, Item]] = []
        spool: list[tuple[str, str]] = []
        size = file.size
        for frame in frames.walk(view, first=file.first):
            head = checked_head(file.path, frame)
            if frame.type == Type.RECEIPT:
                item = Item(at, frame.offset, head["received"])
                captures.append(((class_name(head["class"]), month_of(received_of(frame.id))), frame.id, item))
                if frame.spooled:
                    spool.append((file.journal, frame.id.hex()))
                    size += head["size"]
            else:
                events.append((frame.id, Item(at, frame.offset, head["at"])))
            expected, end = frame.number + 1, frame.end
        if expected != file.last + 1 or end != file.size:
            raise DamagedFile(f"Record {expected} of journal {file.journal} is damaged at byte {end} of {file.path.name}.")
        self._maps.append(view)
        self.files.append(file)
        self.size += size
        self.records += len(captures) + len(events)
        self.spool += spool
        self._events += events
        for key, id_, item in captures:
            self._classes.setdefault(id_, key[0])
            self.groups.setdefault(key, Group()).captures.append((id_, item))

    def group_events(self) -> None:
        """Put each event to class and month of its capture, entries and those without a capture to class `ledger`."""
        for id_, item in self._events:
            known = (self._classes.get(id_) or self._class_of(id_)) if any(id_) else None
            month = month_of(received_of(id_) if any(id_) else item.at)
            group = self.groups.setdefault((known or LEDGER_CLASS, month), Group())
            group.events.setdefault(id_, []).append(item)
        self._events = []

    def frame(self, item: Item) -> frames.Frame:
        """The record of an item; it was checked by add()."""
        frame = frames.decode(self._maps[item.file], item.offset, check=False)
        assert frame is not None
        return frame

    def journal_of(self, item: Item) -> str:
        return self.files[item.file].journal

    def spool_path(self, item: Item, id_: bytes) -> Path:
        return self.files[item.file].path.parent / "spool" / id_.hex()


def class_name(name: str) -> str:
    """The folder name of a class; an invalid name is replaced by another one, because a class is only a grouping."""
    return name if _CLASS.fullmatch(name) else "other"


def checked_head(path: Path, frame: frames.Frame) -> dict[str, Any]:
    """The head of a whole frame of this journal file, read. Raises DamagedFile when it or the body is not what can be sealed."""
    name = path.parent.name
    try:
        head: dict[str, Any] = orjson.loads(frame.head)
        if frame.type != Type.RECEIPT:
            operator.index(head["at"])
            return head
        operator.index(head["received"]), operator.index(head["size"]), class_name(head["class"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise DamagedFile(f"The head of record {frame.number} of journal {name} is not what a head is.") from None
    if not frame.spooled:
        digest = hashlib.sha256(frame.body).digest()
    else:
        try:
            with (path.parent / "spool" / frame.id.hex()).open("rb") as h:
                digest = hashlib.file_digest(h, "sha256").digest()
        except FileNotFoundError:
            raise DamagedFile(f"The spool file of record {frame.number} of journal {name} is missing.") from None
    if digest != frame.sha256:
        raise DamagedFile(f"The body of record {frame.number} of journal {name} is not the one that was kept.")
    return head
