"""Process each journal record once, including those sealed meanwhile.

reader = JournalReader(data, consumer, clock)
reader.step()           process new records; the consumer stores its state and offsets every few seconds
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.tail import Positions, Record, Tail
from civicmail.mail.archive import replay

WRITE_EVERY = 5_000
"""ms between two writes of the offsets; news are written at once."""

WINDOW = 20_000
"""Maximum of records in memory, and between two writes, after a long pause."""

log = get_logger()


class JournalConsumer(Protocol):
    """Processes records. positions: journal -> last record processed; has_news: it should be written soon."""

    @property
    def positions(self) -> dict[str, int]: ...

    @property
    def has_news(self) -> bool: ...

    def hear(self, record: Record, /) -> None: ...

    def write(self, now: int, /) -> object:
        """Store state and offsets in one transaction; False if it must be retried. now: epoch ms."""
        ...


class JournalReader:
    """Reads all journals for one consumer. clock: epoch ms."""

    def __init__(self, data: Path, ear: JournalConsumer, clock: Callable[[], int]) -> None:
        self._ear = ear
        self._clock = clock
        self._tail = begin(data, ear.positions)
        self._written = clock()
        self._kept = dict(ear.positions)

    def step(self) -> bool:
        """Process new records. Returns whether there were any."""
        has_more = self._read()
        now = self._clock()
        due = not 0 <= now - self._written < WRITE_EVERY and self._ear.positions != self._kept
        if self._ear.has_news or due:
            self._written = now
            if self._ear.write(now) is not False:
                self._kept = dict(self._ear.positions)
        return has_more

    def all(self) -> None:
        """Process and store everything that there is."""
        while self.step():
            pass
        self.finish()

    def finish(self) -> None:
        """Store what was processed since the last write."""
        if self._ear.positions != self._kept:
            self._ear.write(self._clock())

    def _read(self) -> bool:
        has_more = read(self._tail, self._ear.hear)
        self._ear.positions.update(self._tail.positions)
        return has_more


def begin(data: Path, positions: Mapping[str, int]) -> Tail:
    """A reader from where the last one had come to; from the journals as they are when there was none."""
    retired = {name: journal.read_retired(journal.folder(data) / name) for name in journal.names(data)}
    return Tail(data, positions or retired, bodies=False)


def read(tail: Tail, hear: Callable[[Record], None]) -> bool:
    """Pass new records, or some sealed meanwhile, to hear. Returns whether there were any."""
    for name in journal.names(tail.data):
        last, position = journal.read_retired(journal.folder(tail.data) / name), tail.positions.get(name, 0)
        if last > position:
            last = min(last, position + WINDOW)
            _hear_sealed(tail.data, [(name, position + 1, last)], hear)
            tail.passed(name, last)
            return True
    before = dict(tail.positions)
    records = tail.poll()
    _hear_sealed(tail.data, _gaps(before, records), hear)
    for record in records:
        hear(record)
    return bool(records)


def _hear_sealed(data: Path, spans: Iterable[replay.Span], hear: Callable[[Record], None]) -> None:
    """Pass sealed records to hear, a window at a time; unreadable records raise before any of the window is passed."""
    problems: list[str] = []
    for name, first, last in spans:
        for start in range(first, last + 1, WINDOW):
            for record in list(replay.sealed_between(data, [(name, start, min(last, start + WINDOW - 1))], problems)):
                hear(record)
    if problems:
        log.error("sign-ins and counts are not complete", problems=problems)


def _gaps(before: Positions, records: list[Record]) -> list[replay.Span]:
    """Ranges of records that were sealed and removed while reading."""
    gaps = []
    for record in records:
        if record.number > (first := before.get(record.journal, 0) + 1):
            gaps.append((record.journal, first, record.number - 1))
        before[record.journal] = record.number
    return gaps
