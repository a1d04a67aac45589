"""Index, integrate and seal during an import: the jobs that the import does itself if their leases are free."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Archive as ArchiveSettings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.free_space import Room
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.mail.archive.commit import Clock
from civicmail.mail.archive.tasks import SealJob, closed_bytes
from civicmail.mail.importers.intake import StoredCapture
from civicmail.mail.search import coverage
from civicmail.mail.search.documents import of_text
from civicmail.mail.search.errors import NoRoom
from civicmail.mail.search.tasks import IndexJob

log = get_logger()
POLL_SECONDS = 0.05
Report = Callable[[int, int], None]
"""(records that are searchable, records that will be)"""


class Searchable:
    """The index during an import: its writer if the lease is free, else a view of the progress of its holder. least: bytes that
    must stay free on its volume; raises NoRoom below that."""

    def __init__(self, data: Path, clock: Clock, least: int = 0) -> None:
        self._data = data
        self._clock = clock
        self._room = Room(coverage.top(data), least)
        self._job = self._take()
        if self._job is not None:
            self._job.catch_up(clock())  # the journals' present records, so that later ones are fed without a gap

    def _take(self) -> IndexJob | None:
        try:
            return IndexJob.take(self._data, bulk=True, least=self._room.least)
        except LeaseHeld:
            return None

    def durable(self, batch: list[StoredCapture]) -> None:
        """Index messages that just became durable, from the parse made for storing them."""
        if self._job is None:
            return
        now = self._clock()
        for t in batch:
            self._job.feed(of_text(t.capture, t.document), t.capture.size, place=t.journal, number=t.number, now=now)

    def wait(self, positions: dict[str, int], report: Report) -> None:
        """Wait until all records up to these journal positions are searchable, whichever process indexes them.

        Raises NoRoom if the holder of the index is paused for lack of space.
        """
        while not self._reached(positions, report):
            if self._job is None and (job := self._take()) is not None:
                self._job = job  # the holder has ended
            if self._job is not None:
                self._job.catch_up(self._clock())
            elif coverage.is_paused(self._data) and not self._room.has():
                raise NoRoom(
                    "Everything was stored, but is not searchable yet: the search index rests until its volume has room "
                    "(civicmail doctor). It goes on by itself."
                )
            else:
                time.sleep(POLL_SECONDS)

    def _reached(self, positions: dict[str, int], report: Report) -> bool:
        generation = coverage.current(self._data)
        covered = coverage.load(generation) if generation else None
        journals = covered.journals if covered else {}
        report(sum(min(journals.get(j, 0), n) for j, n in positions.items()), sum(positions.values()))
        return all(journals.get(journal, 0) >= number for journal, number in positions.items())

    def commit(self) -> None:
        """Make everything so far searchable now, unless another process holds the index."""
        if self._job is not None:
            self._job.commit(self._clock())

    def close(self) -> None:
        if self._job is not None:
            self._job.close()


class Integrated:
    """The ledger for as long as the import lasts, in a thread of its own; where its lease is held the holder does it anyway."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._running: Future[int] | None = None
        self._fresh: list[StoredCapture] = []
        try:
            self._sequencer: Sequencer | None = Sequencer(data)
        except LeaseHeld:
            self._sequencer = None

    def durable(self, batch: Sequence[StoredCapture] = ()) -> None:
        """Start integrating durable records, unless that is running."""
        if self._sequencer is None:
            return
        self._fresh += batch
        if self._running is None or self._running.done():
            self.wait()
            fresh, self._fresh = self._fresh, []
            self._running = self._thread.submit(_integrate, self._sequencer, fresh, self._clock())

    def rest(self) -> None:
        """Start integrating the last batches, after the running ones."""
        self.wait()
        self.durable()

    def wait(self) -> None:
        """Return when the running integration is done; raises its error."""
        if self._running is not None:
            running, self._running = self._running, None
            running.result()

    def close(self) -> None:
        self._thread.shutdown()
        if self._sequencer is not None:
            self._sequencer.close()


def _integrate(sequencer: Sequencer, fresh: list[StoredCapture], now: int) -> int:
    """Integrate this import's records from memory, then those of other writers."""
    done = 0
    for journal, taken in groupby(fresh, key=lambda t: t.journal):
        own = list(taken)
        done += sequencer.feed(journal, own[0].number, [t.head for t in own], now)
    return done + sequencer.integrate(now, but=fresh[-1].journal if fresh else "")


class Sealing:
    """Keeps unsealed journals small while an import fills them; where the lease `seal` is held the holder does it anyway."""

    def __init__(self, data: Path, settings: ArchiveSettings, clock: Clock, searchable: Searchable, integrated: Integrated) -> None:
        self._data = data
        self._settings = settings
        self._clock = clock
        self._searchable = searchable
        self._integrated = integrated
        self._most = settings.unsealed_most

    def durable(self) -> None:
        """Something new is durable: seal when there is too much by now. Blocks until that is done."""
        if closed_bytes(self._data) <= self._most:
            return
        try:
            with SealJob(self._data, self._settings) as job:
                self._integrated.rest()
                self._integrated.wait()
                self._searchable.commit()
                job.seal(lambda: coverage.covered(self._data), self._clock())
        except LeaseHeld:
            return
        except CivicmailError as error:  # messages read so far can be stored all the same
            log.error("archive.cannot_seal", problem=str(error))
        step = self._settings.unsealed_most // 4  # what could not be sealed now cannot be a moment later
        self._most = max(self._settings.unsealed_most, closed_bytes(self._data) + step)
