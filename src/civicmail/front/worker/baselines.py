"""Learn what each sender normally sends, and sent in the last hour, from all journals (P-25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.settings import Settings
from civicmail.core.disk.tail import Record
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import begin, read
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.records import Type
from civicmail.mail.pipeline import containment
from civicmail.mail.pipeline.baseline import HOUR

SAVE_EVERY = 60_000
"""ms; what a gateway does not find in the file it reads in the journals."""


def habits(context: JobContext) -> Iterator[Work]:
    """Learn what each account normally sends."""
    learning = BaselineJob(context.settings, context.data, context.clock)
    yield learning.step
    learning.save()


class BaselineJob:
    """Not safe for concurrent rounds. clock: epoch ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        self._domains = frozenset(settings.city.domains)
        self._data = data
        self._clock = clock
        self._people = SnapshotWatcher(data, clock)
        self._known = containment.load(data)
        self._tail = begin(data, self._known.positions)
        self._saved = clock()
        self._changed = False

    def step(self) -> bool:
        """Read new records. Returns whether there may be more. Raises OSError."""
        has_more = read(self._tail, self._hear)
        self._changed |= has_more
        if self._changed and not 0 <= self._clock() - self._saved < SAVE_EVERY:
            self.save()
        return has_more

    def save(self) -> None:
        """Durable on return. Raises OSError."""
        if self._changed:
            self._known.positions = dict(self._tail.positions)
            containment.save(self._data, self._known, self._clock() - HOUR)
        self._changed, self._saved = False, self._clock()

    def _hear(self, record: Record) -> None:
        if record.type == Type.RECEIPT:
            self._known.add_receipt(record.head, self._domains, self._people.current, partial(containment.repeat_keys_of, record))
