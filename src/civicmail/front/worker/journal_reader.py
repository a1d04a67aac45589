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
"""ms between two writes of what was heard; news are written at once, and where nothing came nothing is written."""

WINDOW = 20_000
"""Records at most that are in memory at once, and that an ear hears before it may write: somebody may have been away for weeks."""

log = get_logger()


class JournalConsumer(Protocol):
    """Who hears. positions: journal to the last record that was heard; has_news: something of it shall not wait."""

    @property
    def positions(self) -> dict[str, int]: ...

    @property
    def has_news(self) -> bool: ...

    def hear(self, record: Record, /) -> None: ...

    def write(self, now: int, /) -> object:
        """Keep what was heard, and how far, in one transaction; False where that has to be tried again. now: ms."""
        ...


class JournalReader:
    """One ear at all journals. clock: ms."""

    def __init__(self, data: Path, ear: JournalConsumer, clock: Callable[[], int]) -> None:
        self._ear = ear
        self._clock = clock
        self._tail = begin(data, ear.positions)
        self._written = clock()
        self._kept = dict(ear.positions)

    def step(self) -> bool:
        """Hear what is new; True when there was something."""
        has_more = self._read()
        now = self._clock()
        due = not 0 <= now - self._written < WRITE_EVERY and self._ear.positions != self._kept
        if self._ear.has_news or due:
            self._written = now
            if self._ear.write(now) is not False:
                self._kept = dict(self._ear.positions)
        return has_more

    def all(self) -> int:
        """Hear and write everything that there is; how many rounds had something."""
        rounds = 0
        while self._read():
            self._ear.write(self._clock())
            rounds += 1
        return rounds

    def _read(self) -> bool:
        has_more = read(self._tail, self._ear.hear)
        self._ear.positions.update(self._tail.positions)
        return has_more


def begin(data: Path, positions: Mapping[str, int]) -> Tail:
    """A reader from where the last one had come to; from the journals as they are when there was none."""
    retired = {name: journal.read_retired(journal.folder(data) / name) for name in journal.names(data)}
    return Tail(data, positions or retired, bodies=False)


def read(tail: Tail, hear: Callable[[Record], None]) -> bool:
    """Hear what journals have that is new, or some of what was sealed while nobody listened; True when there was something."""
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
    """Nobody hears a part of a window: what cannot be read raises before."""
    problems: list[str] = []
    for name, first, last in spans:
        for start in range(first, last + 1, WINDOW):
            for record in list(replay.sealed_between(data, [(name, start, min(last, start + WINDOW - 1))], problems)):
                hear(record)
    if problems:
        log.error("sign-ins and counts are not complete", problems=problems)


def _gaps(before: Positions, records: list[Record]) -> list[replay.Span]:
    """What was passed over, because its files were sealed and removed at this moment."""
    gaps = []
    for record in records:
        if record.number > (first := before.get(record.journal, 0) + 1):
            gaps.append((record.journal, first, record.number - 1))
        before[record.journal] = record.number
    return gaps
