"""Follow a whole day's mail in bounded memory: figures only. Takes no lease."""

from __future__ import annotations

from array import array
from collections import Counter
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.disk.tail import Tail
from civicmail.front.sample.mail_tracker import TrackedMessage, new_records
from civicmail.front.sample.receipts import Receipts
from civicmail.mail.archive.copies import WAITING
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.search import coverage

_ENDS = {Type.DELIVERED: "delivered", Type.FAILED: "returned", Type.CANCELLED: "given up"}


class DayTracker:
    """Follows the journals of a data folder, captures received from `since` (ms) on.

    captures: how many were sent to us; own: how many the system has written; bytes: of all of them; copies: by what was done with
    them at first ("deliver", "quarantine", …) and how they ended ("delivered", "returned"); deliveries, findings: ms from receipt
    to the last delivery, and to the index; receipts: told of each capture. suspect: a sender whose copies are told apart in
    `theirs`, by what was done with them.
    """

    def __init__(self, data: Path, since: int, receipts: Receipts) -> None:
        self.captures = 0
        self.own = 0
        self.bytes = 0
        self.copies: Counter[str] = Counter()
        self.deliveries = array("I")
        self.findings = array("I")
        self.suspect = ""
        self.theirs: Counter[str] = Counter()
        self._since = since
        self._receipts = receipts
        self._data = data
        self._tail = Tail(data, bodies=False)
        self._under_way: dict[bytes, TrackedMessage] = {}
        self._unfound: dict[str, dict[int, int]] = {}  # journal -> number -> ms of receipt
        self._early: dict[bytes, list[Event]] = {}

    def update(self) -> None:
        """Take in what happened since the last look."""
        for record in new_records(self._tail, self._since):
            if record.type == Type.RECEIPT:
                self._enter(Capture.from_head(record.head))
            elif record.type in _ENDS:
                self._end(Event.from_head(record.head))
        now, covered = now_ms(), coverage.covered(self._data)
        for journal, numbers in self._unfound.items():
            for number in [n for n in numbers if n <= covered.get(journal, 0)]:
                self.findings.append(max(0, now - numbers.pop(number)))

    @property
    def open(self) -> int:
        """Captures with copies under way, and those that cannot be found yet."""
        return len(self._under_way) + sum(map(len, self._unfound.values()))

    def _enter(self, c: Capture) -> None:
        self.bytes += c.size
        self._unfound.setdefault(c.journal, {})[c.number] = c.received
        if c.source.kind == "local":
            self.own += 1
        else:
            self.captures += 1
            self._receipts.archived(c.id)
            self.copies.update(d.do for d in c.dispositions)
            if self.suspect and c.envelope.sender == self.suspect:
                self.theirs.update(d.do for d in c.dispositions)
        to = tuple(r.address for r in c.envelope.recipients)
        kept = {d.to for d in c.dispositions if d.do not in WAITING}
        act = TrackedMessage(c.uuid, c.journal, c.number, c.received, c.envelope.sender, to, c.size, done=kept)
        early = self._early.pop(c.id, ())
        if not act.is_delivered:
            self._under_way[c.id] = act
        for event in early:
            self._end(event)

    def _end(self, event: Event) -> None:
        act = self._under_way.get(event.id)
        if act is None:  # journals are read one after the other: an end may come before its receipt
            if received_of(event.id) > now_ms() - 60_000:
                self._early.setdefault(event.id, []).append(event)
            return
        self.copies[_ENDS[event.type]] += len(set(event.to) - act.done)
        act.done.update(event.to)
        if act.is_delivered:
            del self._under_way[event.id]
            if event.type == Type.DELIVERED:
                self.deliveries.append(max(0, event.at - act.archived))
