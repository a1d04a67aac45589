"""Which captures have, or once had, a status of a trace: ids by status and day of receipt (docs/formats.md, "Statuses").

    index = StatusIndex(data)
    index.ids("failed", since, until)      ids, newest first; each must be compared with its envelope
    index.complete_since(now)              captures received since then are all in it

A job adds what journals tell (StatusConsumer). The files may be deleted: then the index begins anew. Waiting and held copies are
in the projection instead (outstanding.py), except those that were removed from their mailboxes.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from civicmail.core.disk import journal
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Record
from civicmail.mail.archive.identity import edges, received_of
from civicmail.mail.archive.records import Type

INDEXED = frozenset({"delivered", "failed", "refused", "kept"})
"""Statuses of envelopes.STATUSES of which all captures are here."""
MAX_LAG_MS = 60_000
"""Behind the journals by more than this, the index is not used."""
KEEP_MS = 400 * 86_400_000
"""Days of receipt that are older are removed, and not written."""
_DAY_MS = 86_400_000
_ID = 16
_ENDS: dict[int, tuple[str, ...]] = {
    Type.DELIVERED: ("delivered",),
    Type.FAILED: ("failed",),
    Type.PULLED: ("delivered", "held"),
}
_DECIDED = {"kept": "kept", "refuse": "refused"}


class StatusIndex:
    """Reads the index of a data folder. A status of a capture that changed since stays in it."""

    def __init__(self, data: Path) -> None:
        self._data, self._top = data, folder(data)

    def complete_since(self, now: int) -> int:
        """Epoch ms from which each received capture is in the index; `now` without an index, or with one whose job stands still."""
        place = self._top / "positions.json"
        try:
            plain, written = orjson.loads(place.read_bytes()), place.stat().st_mtime * 1000
            since, positions = int(plain["since"]), plain["positions"]
        except (OSError, ValueError, KeyError):
            return now
        is_behind = any(last > positions.get(name, 0) for name, last in journal.durable(self._data).items())
        return now if is_behind and now - written > MAX_LAG_MS else max(since, now - KEEP_MS)

    def ids(self, status: str, since: int, until: int, before: bytes = b"") -> Iterator[bytes]:
        """Ids received from `since` to `until` (ms, both included), newest first, only those before the id `before` where one is
        given; a day is read when it is reached."""
        low, high = edges(since, until)
        for name in sorted(self._days(status), reverse=True):
            first, last = edges(*_span(name))
            if last < low or first > high:
                continue
            content = (self._top / f"{name}.{status}").read_bytes()
            ids = {content[at : at + _ID] for at in range(0, len(content) - _ID + 1, _ID)}
            yield from sorted((i for i in ids if low <= i <= high and (not before or i < before)), reverse=True)

    def _days(self, status: str) -> list[str]:
        return [path.stem for path in self._top.glob(f"*.{status}")]


class StatusConsumer:
    """A consumer of journal records (front/worker/journal_reader.py). Ids that were written twice after a crash do no harm."""

    has_news = False

    def __init__(self, data: Path, now: int, files: Files = OS_FILES) -> None:
        self._data, self._top, self._files = data, folder(data), files
        self._new: defaultdict[str, bytearray] = defaultdict(bytearray)
        self._oldest = now - KEEP_MS
        try:
            plain = orjson.loads((self._top / "positions.json").read_bytes())
            self.positions, self._since = dict(plain["positions"]), int(plain["since"])
        except (OSError, ValueError, KeyError):
            self.positions = {name: last for name, last in journal.retired(data).items() if last}
            self._since = now if self.positions else 0

    def hear(self, record: Record) -> None:
        """Note the statuses that this record gives its capture."""
        if received_of(record.id) < self._oldest:
            return
        for status in _statuses(record):
            self._new[f"{_day(received_of(record.id))}.{status}"] += record.id

    def write(self, now: int) -> None:
        """Append the new ids, then note how far the journals were read. Raises OSError."""
        self._files.make_folder(self._top)
        for name, ids in self._new.items():
            with (self._top / name).open("ab") as file:
                torn = -file.tell() % _ID  # by a power cut: it becomes the id of nothing
                file.write(bytes(torn) + ids)
                file.flush()
                os.fsync(file.fileno())
        self._new.clear()
        self._oldest = now - KEEP_MS
        for path in self._top.glob("????-??-??.*"):
            if path.stem < _day(self._oldest):
                path.unlink(missing_ok=True)
        plain = {"v": 1, "since": self._since, "positions": self.positions}
        self._files.replace(self._top / "positions.json", orjson.dumps(plain, option=orjson.OPT_SORT_KEYS))


def folder(data: Path) -> Path:
    """Where the index is."""
    return data / "statuses"


def _statuses(record: Record) -> Iterable[str]:
    """Statuses that a record may give its capture."""
    if record.type == Type.RECEIPT:
        plain = orjson.loads(record.head)
        decided = {d["do"] for d in plain["dispositions"]}
        if len(plain["dispositions"]) < max(1, len(plain["envelope"]["to"])):
            decided.add("kept")
        return [_DECIDED[do] for do in decided if do in _DECIDED]
    if record.type == Type.DECIDED:
        do = orjson.loads(record.head)["facts"].get("do")
        return [_DECIDED[do]] if do in _DECIDED else []
    return _ENDS.get(record.type, ())


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"


def _span(day: str) -> tuple[int, int]:
    """First and last ms of a day in UTC."""
    first = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return int(first.timestamp() * 1000), int((first + timedelta(days=1)).timestamp() * 1000) - 1
