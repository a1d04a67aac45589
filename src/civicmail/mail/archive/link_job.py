"""The link job: follow all journals and record which captures are the same message (links.py).

It remembers the captures of the last day. At start it reads those already sealed, and the recorded links, from the segments, so
that neither a restart nor a fast seal hides a second capture.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive import links
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.errors import KeyMissing, NotInArchive
from civicmail.mail.archive.links import DAY_MS, Link, Pairs, Window
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import Capture, Event, Type, month_of
from civicmail.mail.archive.runs import Entry
from civicmail.mail.archive.store import Store

log = get_logger()


class LinkJob:
    """The link job, under the lease `link`; one at a time. now: ms. Raises the errors of reading the archive."""

    def __init__(self, data: Path, now: int, files: Files = OS_FILES) -> None:
        self._data, self._now = data, now
        self._pairs = Pairs(data, files)
        self._writer = Writer(data, lambda: self._now, files, SHORT_FILE)
        self._begin()

    def _begin(self) -> None:
        """Restart: read journals first, then segments, so that captures that are sealed meanwhile are seen twice rather than
        missed."""
        self._window = Window()
        self._tail = Tail(self._data, journal.retired(self._data), bodies=False)
        self._linked: set[bytes] = set()  # captures of which the record was read
        self._candidates: dict[bytes, Link] = {}
        self._last: dict[str, int] = {}
        records = list(self._new())
        store = Store(self._data)
        in_journals = {r.id for r in records if r.type == Type.RECEIPT}
        for capture in _sealed_since(store, self._now - DAY_MS):
            if capture.id not in in_journals:
                self._see(capture)
        self._candidates = {id_: link for id_, link in self._candidates.items() if not _is_linked(store, id_)}
        self._take(records)

    def step(self, now: int) -> int:
        """Process new records; returns how many links were recorded."""
        self._now = now
        is_left_behind = self._tail.is_left_behind()
        records = list(self._new())
        if is_left_behind or self._is_gap(records):  # sealed before we read it
            self._begin()
        else:
            self._take(records)
        unrecorded = [link for id_, link in self._candidates.items() if id_ not in self._linked]
        self._candidates.clear()
        for link in unrecorded:
            self._writer.event(link.event(now))
        if unrecorded:
            self._writer.flush()
            self._linked.update(link.second.id for link in unrecorded)
        self._writer.rotate_if_idle()
        return len(unrecorded)

    def _new(self) -> Iterator[Record]:
        while records := self._tail.poll():
            yield from records

    def _is_gap(self, records: list[Record]) -> bool:
        last = dict(self._last)
        for r in records:
            if last.get(r.journal, r.number - 1) != r.number - 1:
                return True
            last[r.journal] = r.number
        return False

    def _take(self, records: list[Record]) -> None:
        recorded = [Event.from_head(r.head) for r in records if r.type == Type.LINKED]
        self._pairs.add(recorded)
        self._linked.update(e.id for e in recorded)
        for record in records:
            self._last[record.journal] = record.number
            if record.type == Type.RECEIPT:
                self._see(Capture.from_head(record.head))

    def _see(self, capture: Capture) -> None:
        if (link := self._window.see(capture)) is not None:
            self._candidates[link.second.id] = link

    def close(self) -> None:
        self._writer.close()


def _sealed_since(store: Store, since: int) -> list[Capture]:
    """Sealed captures that were received since then (ms), oldest first; of very many the newest, and only what can be read."""
    rows = (e for month in store.catalogue.months if month >= month_of(since) for e in _rows(store, month, since))
    captures = []
    for row in sorted(heapq.nlargest(links.SEEN_MOST // 2, rows, key=lambda e: e.id), key=_where):
        try:
            captures.append(Capture.from_head(store.head(Place(row.id, b"", row.where))))
        except (DamagedFile, KeyMissing, NotInArchive) as error:
            log.error("links.unreadable", problem=str(error))
    return sorted(captures, key=lambda c: c.id)


def _rows(store: Store, month: str, since: int) -> Iterator[Entry]:
    low = max(0, since).to_bytes(6) + bytes(10)
    for run in store.catalogue.runs_now(month):
        yield from (e for e in run.entries(low, b"\xff" * 16) if not e.events)


def _where(row: Entry) -> tuple[str, int, int]:
    return row.where.segment, row.where.frame, row.where.offset


def _is_linked(store: Store, id_: bytes) -> bool:
    return any(Event.from_head(head).type == Type.LINKED for head in store.events(id_))
