"""Follow each message through journals, deliveries and index. Takes no lease."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.disk.tail import Record, Tail
from civicmail.core.query.parse import parse
from civicmail.front.sample import people
from civicmail.mail.archive.copies import WAITING
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import count, searchable
from civicmail.mail.search.errors import NotIndexed
from civicmail.mail.search.reader import Reader


@dataclass(slots=True)
class TrackedMessage:
    """One capture. Times are epoch ms, 0 until they happen; done: indices of recipients that have it."""

    uuid: str
    journal: str
    number: int
    archived: int
    sender: str
    recipients: tuple[str, ...]
    size: int
    done: set[int] = field(default_factory=set)
    delivered: int = 0
    indexed: int = 0

    @property
    def is_delivered(self) -> bool:
        return len(self.done) >= len(self.recipients)


@dataclass(frozen=True, slots=True)
class SearchTiming:
    """A question to the index: how many captures fit, of how many, in how many milliseconds."""

    query: str
    count: int
    of: int
    took: float


class MailTracker:
    """Follows the journals of a data folder, captures received from `since` (ms) on.

    acts: every capture that somebody sent, by id; own: how many the system itself wrote; over: completed captures,
    in order; copies: recipients that have theirs; left: those of them outside the city; indexed: captures that
    the index covers.
    """

    def __init__(self, data: Path, since: int = 0) -> None:
        self.acts: dict[bytes, TrackedMessage] = {}
        self.over: list[TrackedMessage] = []
        self.own = 0
        self.copies = 0
        self.left = 0
        self.indexed = 0
        self._since = since
        self._under_way: dict[bytes, TrackedMessage] = {}
        self._data = data
        self._early: dict[bytes, list[Event]] = {}  # journals are read one after the other: a delivery may come before its receipt
        self._tail = Tail(data, bodies=False)
        self._reader: Reader | None = None

    def update(self) -> None:
        """Take in what happened since the last look."""
        for record in new_records(self._tail, self._since):
            if record.type == Type.RECEIPT:
                self._enter(Capture.from_head(record.head))
            elif record.type == Type.DELIVERED:
                self._deliver(Event.from_head(record.head))
        covered = coverage.covered(self._data)
        now = now_ms()
        for id_, act in list(self._under_way.items()):
            if not act.indexed and act.number <= covered.get(act.journal, 0):
                act.indexed = now
                self.indexed += 1
            if act.indexed and act.is_delivered:
                self.over.append(self._under_way.pop(id_))

    def _enter(self, c: Capture) -> None:
        if c.source.kind == "local":
            self.own += 1
            return
        to = tuple(r.address for r in c.envelope.recipients)
        nobody = {d.to for d in c.dispositions if d.do not in WAITING}  # held, refused or only kept: not to be delivered now
        act = TrackedMessage(c.uuid, c.journal, c.number, c.received, c.envelope.sender, to, c.size, done=nobody)
        self.acts[c.id] = self._under_way[c.id] = act
        for event in self._early.pop(c.id, ()):
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        act = self.acts.get(event.id)
        if act is None:
            self._early.setdefault(event.id, []).append(event)
            return
        new = set(event.to) - act.done
        self.copies += len(new)
        self.left += sum(not act.recipients[n].endswith(f"@{people.DOMAIN}") for n in new)
        act.done.update(event.to)
        if act.is_delivered:
            act.delivered = event.at

    @property
    def is_over(self) -> bool:
        """Everything archived has been delivered and is searchable."""
        return not self._under_way

    def ask(self, query: str) -> SearchTiming | None:
        """Query the index; None while there is none."""
        tree = parse(query, now=datetime.now(UTC))
        began = time.perf_counter()
        try:
            if self._reader is None:
                self._reader = Reader(self._data)
            self._reader.refresh()
        except NotIndexed:
            return None
        fits, of = count(self._reader, tree), searchable(self._reader)
        return SearchTiming(query, fits, of, 1000 * (time.perf_counter() - began))


def new_records(tail: Tail, since: int) -> Iterator[Record]:
    """New journal records about captures received since `since` (epoch ms)."""
    while records := tail.poll():
        yield from (record for record in records if received_of(record.id) >= since)
