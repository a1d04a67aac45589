"""Append records to the archive. Nothing is acknowledged before it is durable.

Writer is the plain one (import, courier, commands): collect, then flush. GroupCommit shares one sync among all sessions of an event
loop: records that arrive during a sync join the next one, so a single message never waits for a timer (promise 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from civicmail.core.disk import journal
from civicmail.core.disk.errors import JournalEnded
from civicmail.core.disk.files import OS_FILES, File, Files
from civicmail.core.disk.journal import Journal
from civicmail.core.ledger.heads import HeadMatcher, member
from civicmail.mail.archive.records import Capture, Event, Type

if TYPE_CHECKING:
    import asyncio

SPOOL_ABOVE = 1 << 20
SHORT_FILE = 1 << 20  # bytes of a journal file of a writer of few short records
Clock = Callable[[], int]  # ms since 1970
Confirm = Callable[[str, int], "asyncio.Future[None]"]
"""Given journal and number of a durable record: done when it is kept in the standby, too; may fail with a LaterError."""


Entering = Callable[[dict[str, Any]], "AbstractContextManager[dict[str, Any] | None]"]
"""Opens the audit entry of an act, given facts that only the actor's code knows; its result is the fact `entry` in the record, and
the entry is stored when the record is durable. None if no entries are stored, as in an unclaimed installation."""
ENTERED = HeadMatcher(member("entry") + b"{")
"""Finds every record that contains an entry."""


def unentered(_facts: dict[str, Any]) -> AbstractContextManager[dict[str, Any] | None]:
    """Write no entry: it is written elsewhere, or no person acts."""
    return nullcontext()


class Spool:
    """A body on its way into the spool folder of a journal: bytes are hashed as they come, and nothing large stays in memory."""

    def __init__(self, place: Journal, id_: bytes, files: Files) -> None:
        self.id = id_
        self.journal = place
        self.path = place.spool_path(id_)
        self.size = 0
        self._files = files
        self._file: File | None = files.open(self.path, create=True)
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes | memoryview) -> None:
        assert self._file is not None
        self._file.write_at(self.size, [chunk])
        self._hash.update(chunk)
        self.size += len(chunk)

    def finish(self) -> bytes:
        """Sync the file and its folder; return the SHA-256. Only then may a record name it. Blocks: call it off the event loop."""
        assert self._file is not None
        self._file.sync()
        self._file.close()
        self._file = None
        self._files.sync_folder(self.path.parent)
        return self._hash.digest()

    def discard(self) -> None:
        """The message was not taken after all."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._files.unlink(self.path)


class Writer:
    """Appends captures and events to one journal of this process; takes another one when a write or sync has failed."""

    def __init__(self, data: Path, clock: Clock, files: Files = OS_FILES, file_size: int = journal.FILE_SIZE) -> None:
        self._data = data
        self._clock = clock
        self._files = files
        self._file_size = file_size
        self.failures: list[int] = []  # times of failed writes, ms
        self.journal = self._take()

    def _take(self) -> Journal:
        return Journal.take(self._data, files=self._files, now=self._clock(), file_size=self._file_size)

    def spool(self, id_: bytes) -> Spool:
        """A place for a large body of this journal."""
        return Spool(self._alive(), id_, self._files)

    def receipt(self, capture: Capture, body: bytes | memoryview | Spool) -> bytes:
        """Collect one capture; returns its head. A spooled body must be finished and belong to the journal of this moment."""
        if isinstance(body, Spool):
            if body.journal is not self._alive():
                raise JournalEnded("The journal ended while the message was being received.")
            return self._alive().append(Type.RECEIPT, capture.id, capture.head, sha256=capture.sha256, spooled=body.size)[1]
        return self._alive().append(Type.RECEIPT, capture.id, capture.head, body, sha256=capture.sha256)[1]

    def event(self, event: Event) -> bytes:
        """Collect one event; returns its head."""
        return self._alive().append(event.type, event.id, event.head)[1]

    def flush(self) -> None:
        """Make all collected records durable. After an error none of them is archived and the next call uses a new journal."""
        self.write(self.journal.batch())

    def write(self, batch: journal.Batch) -> None:
        """Make one batch durable; may run in another thread than the appends."""
        now = self._clock()
        try:
            self.journal.write(batch, now)
        except Exception:
            self.failures = [t for t in self.failures if now - t < 60_000] + [now]
            raise

    def _alive(self) -> Journal:
        if self.journal.ended:
            self.journal.close()
            self.journal = self._take()
        return self.journal

    @property
    def broken(self) -> bool:
        """Two failures within a minute: stop listening rather than keep promising."""
        now = self._clock()
        return sum(now - t < 60_000 for t in self.failures) >= 2

    def rotate_if_idle(self) -> None:
        self.journal.rotate_if_idle(self._clock())

    def close(self) -> None:
        self.journal.close()


def write_events(data: Path, events: Iterable[Event], now: int, files: Files = OS_FILES) -> None:
    """Make a few events durable, for callers without a writer. now: ms. Raises LaterError, OSError."""
    with closing(Writer(data, lambda: now, files, SHORT_FILE)) as writer:
        for event in events:
            writer.event(event)
        writer.flush()


def write_entered(
    data: Path, events: Sequence[Event], now: int, entering: Entering, facts: dict[str, Any], files: Files = OS_FILES
) -> None:
    """Write events as write_events, with the entry of the act in the first of them; facts: for the entry. After a power cut all
    records exist, or the first ones of several. Raises also what `entering` raises; then nothing is written."""
    with entering(facts) as entry:
        if entry is not None:
            events = [replace(events[0], facts={**events[0].facts, "entry": entry}), *events[1:]]
        write_events(data, events, now, files)


class GroupCommit:
    """One sync for all pending records. Every method belongs to the event loop that created it; the sync runs in one thread.

    confirm: another condition for the acknowledgment; the next sync does not wait for it.
    """

    def __init__(self, writer: Writer, confirm: Confirm | None = None) -> None:
        import asyncio  # commands that only use Writer start 12 ms sooner without it

        self.writer = writer
        self._confirm = confirm
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._waiting: list[asyncio.Future[None]] = []
        self._running = False
        self._idle = asyncio.Event()
        self._idle.set()

    def receipt(self, capture: Capture, body: bytes | memoryview | Spool) -> asyncio.Future[None]:
        """Collect a capture; the future is done when it is durable, or fails with a LaterError if it is not archived."""
        self.writer.receipt(capture, body)
        return self._wait()

    def event(self, event: Event) -> asyncio.Future[None]:
        self.writer.event(event)
        return self._wait()

    def _wait(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(future)
        if not self._running:
            self._running = True
            self._idle.clear()
            self._loop.call_soon(self._next)
        return future

    def _next(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            self._running = False
            self._idle.set()
            return
        journal, batch = self.writer.journal.name, self.writer.journal.batch()
        write = self._loop.run_in_executor(self._thread, self.writer.write, batch)
        write.add_done_callback(lambda done: self._written(done, waiting, journal, batch.last))

    def _written(self, done: asyncio.Future[None], waiting: list[asyncio.Future[None]], journal: str, number: int) -> None:
        error = done.exception()
        if error is not None:  # what came in meanwhile was collected by the journal that has just ended
            waiting, self._waiting = waiting + self._waiting, []
            _tell(waiting, error)
        elif self._confirm is not None:
            self._confirm(journal, number).add_done_callback(lambda confirmation: _tell(waiting, confirmation.exception()))
        else:
            _tell(waiting, None)
        self._next()

    def rotate_if_idle(self) -> None:
        """Close the journal file after five idle minutes, unless a sync is under way."""
        if not self._running:
            self.writer.rotate_if_idle()

    async def close(self) -> None:
        """Wait until everything collected is durable, then release the journal."""
        await self._idle.wait()
        self._thread.shutdown()
        self.writer.close()


def _tell(waiting: list[asyncio.Future[None]], error: BaseException | None) -> None:
    for future in waiting:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
