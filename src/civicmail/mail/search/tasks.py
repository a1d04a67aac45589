"""The index job: the holder of the lease `index` keeps the indexes up to date with the journals and rebuilds them on request.

A loop calls step() every fraction of a second; an import that holds the lease itself calls feed() with what it has just made
durable, so that nothing is read or parsed twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.core.disk import changes, journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.free_space import Room
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.disk.metrics import Histogram
from civicmail.core.disk.tail import Positions, Record, Tail, adopt
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.machine import Machine, as_of_now, body_of
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.search import coverage, extract_cache, leftovers
from civicmail.mail.search.attachments import ExtractLookup
from civicmail.mail.search.documents import Documented, document_of, without_body
from civicmail.mail.search.errors import DamagedIndex, IndexFailed, NoRoom
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.index import BULK_HEAP, LIVE_HEAP, Indexes, year_of
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.rebuild import Rebuild, next_folder, tidy, unfinished
from civicmail.mail.search.schema import VERSION

log = get_logger()
LEASE = "index"
AT_ONCE = 100  # records of one journal that are in memory at a time
COMMIT_MS = 1000
MANY, MANY_COMMIT_MS = 100, 2000
"""Where so many records wait for a commit it is made half as often: each makes files, which are merged later."""
LIVE_COMMIT_BYTES = 48 << 20  # of messages that wait for a commit
BULK_COMMIT_BYTES = 256 << 20
RETRY_MS = 5000
DELAYS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Seconds from receipt until a search finds the message."""
FORGET_AFTER_MS = 10_000  # after a certificate: a disposal has one for each portion


class IndexJob:
    """The only writer of the indexes of a data folder. Not thread-safe. Times are ms since 1970. least: bytes that must stay free
    on the volume; below that nothing is written, and `coverage.is_paused` is true."""

    def __init__(self, data: Path, lease: Lease, *, bulk: bool = False, files: Files = OS_FILES, least: int = 0) -> None:
        self._data = data
        self._lease = lease
        self._files = files
        self._heap = BULK_HEAP if bulk else LIVE_HEAP
        self._commit_bytes = BULK_COMMIT_BYTES if bulk else LIVE_COMMIT_BYTES
        self._bulk = bulk
        self._room = Room(coverage.top(data), least)
        self.rests = False
        self.delays = Histogram(DELAYS)
        self._new: list[int] = []  # when what waits for a commit was received
        self._paused_until = 0
        self._look = Extracts(data).get
        self._machine: Machine | None = None
        self._rebuild: Rebuild | None = None
        self._forget_from = 0
        self._untidy = False
        self._open()

    @classmethod
    def take(cls, data: Path, *, bulk: bool = False, files: Files = OS_FILES, least: int = 0) -> IndexJob:
        """Take the lease or raise LeaseHeld. bulk: commit by size, not every second (import)."""
        lease = Lease.take(lease_path(data, LEASE))
        try:
            adopt(data, files=files)
            return cls(data, lease, bulk=bulk, files=files, least=least)
        except BaseException:
            lease.close()
            raise

    # -- keeping up --------------------------------------------------------------------------------------------------------

    def step(self, now: int) -> int:
        """Read new records, continue a rebuild, commit when due; return the number of records and captures read.

        If an index cannot be written (a full disk) or must not be (least), uncommitted records are read again after a pause.
        """
        if now < self._paused_until:
            return 0
        try:
            self._need_room()
            taken = self._take_new(now) + self._take_read() + self._rebuild_some(now)
            pause = MANY_COMMIT_MS if self._records >= MANY else COMMIT_MS
            due = now - self._committed_at >= pause and not self._bulk
            if (due and self._changed) or self._waiting >= self._commit_bytes:
                self.commit(now)
        except NoRoom:
            self._paused_until = now + RETRY_MS
            return 0
        except (IndexFailed, DamagedIndex, OSError) as error:
            log.error("index.failed", problem=str(error))
            self._paused_until = now + RETRY_MS
            self._reopen()
            return 0
        return taken

    def catch_up(self, now: int) -> None:
        """Read until nothing is left to read, then commit. Raises NoRoom."""
        self._need_room()
        while self._take_new(now) or self._take_read():
            self._need_room()
        self.commit(now)

    def feed(self, documented: Documented, size: int, *, place: str, number: int, now: int) -> None:
        """Index a durable receipt of this process's own journal `place`; call it for every receipt, in order. size: bytes of the
        message. Records between the last one read and this one are read first. Raises NoRoom."""
        if number > self._tail.positions.get(place, 0) + 1:
            self.catch_up(now)
        if number <= self._tail.positions.get(place, 0):
            return
        self._add(documented, place, number)
        self._tail.positions[place] = number
        self._waiting += size
        if self._waiting >= self._commit_bytes:
            self._need_room()
            self.commit(now)

    def commit(self, now: int) -> None:
        """Make all records read so far searchable, then write the coverage; a rebuild first, so that it is never behind the current
        index."""
        positions = dict(self._tail.positions)
        if self._rebuild is not None:
            self._rebuild.commit(positions)
        self._indexes.commit()
        self._coverage.journals = positions
        coverage.save(self._generation, self._coverage, self._files)
        self._note_delays()
        changes.note(self._data, LEASE)
        extract_cache.done(self._data, self._again)
        self._again.clear()
        self._committed_at, self._waiting, self._records, self._changed = now, 0, 0, False

    def _note_delays(self) -> None:
        """Measure how long after its receipt received mail became searchable."""
        now = now_ms()
        for received in self._new:
            self.delays.observe((now - received) / 1000)
        self._new.clear()

    def behind(self) -> int:
        """The number of durable records not read yet."""
        return self._tail.behind()

    def close(self) -> None:
        """Release the lease; what was not committed is read again by the next holder."""
        try:
            self._close_indexes()
        finally:
            self._lease.close()

    # -- rebuilding --------------------------------------------------------------------------------------------------------

    def rebuild(self, now: int, progress: Callable[[int, int], None] | None = None) -> None:
        """Rebuild everything from the archive and swap it in. progress: captures read and their number. Raises NoRoom; the next
        lease holder then continues."""
        coverage.request_rebuild(self._data, self._files)
        self._need_room()
        while self._rebuild_some(now) or coverage.is_rebuild_requested(self._data):  # one of some indexes may have been under way
            if progress is not None and self._rebuild is not None:
                progress(self._rebuild.seen, self._rebuild.total)
            self._need_room()
            self._take_new(now)
            if self._waiting >= self._commit_bytes:
                self.commit(now)
        self.catch_up(now)

    def _rebuild_some(self, now: int) -> int:
        """Continue a rebuild, or begin a requested one; 0 when there is none or it has just ended."""
        if self._rebuild is None:
            if self._untidy:
                leftovers.forget_files(self._data)
                self._untidy = False
            whole = self._gap or coverage.is_rebuild_requested(self._data)
            if not whole and (not self._coverage.forget or now < self._forget_from):
                return 0
            only = None if whole else frozenset(self._coverage.forget)
            self._rebuild = Rebuild(self._data, self._tail.positions, self._files, only)
        if (taken := self._rebuild.slice()) is None:
            self._swap()
            return 0
        captures, size = taken
        self._waiting += size
        self._changed = True
        return captures + 1

    def _swap(self) -> None:
        """Close the writers of the old generation before its files are removed, so that indexes that stay are complete."""
        assert self._rebuild is not None
        if self._rebuild.only is not None:
            self._indexes.commit()
        self._indexes.close()
        start, read = self._rebuild.start, self._tail.positions
        self._rebuild.swap({name: max(start.get(name, 0), read.get(name, 0)) for name in {*start, *read}})
        if self._rebuild.only is None:
            coverage.clear_rebuild_request(self._data, self._files)
        log.info("index.rebuilt", indexes=len(self._rebuild.only) if self._rebuild.only is not None else "all")
        self._reopen()

    # -- inside ------------------------------------------------------------------------------------------------------------

    def _need_room(self) -> None:
        """Raise NoRoom if too little space is free, and close the writers, because they merge what they have written."""
        if self._room.has():
            if self.rests:
                log.info("index.goes_on")
            self.rests = False
            coverage.resume(self._data, self._files)
            return
        if not self.rests:
            self._reopen()
            coverage.pause(self._data, self._files)
            self.rests = True
            log.warning("index.paused", least=self._room.least)
        raise NoRoom(
            f"Less than {self._room.least} bytes are free on the volume of the search index, so it is not written; make room there."
        )

    def _open(self) -> None:
        self._generation, self._coverage, made = self._current()
        self._tail = Tail(self._data, self._coverage.journals)
        top = journal.folder(self._data)
        names = journal.names(self._data)
        # Records up to here may have been indexed by a holder that died before it wrote the coverage.
        self._suspect: Positions = journal.durable(self._data)
        sealed = any(self._coverage.journals.get(name, 0) < journal.read_retired(top / name) for name in names)
        self._gap = sealed or (made and any((self._data / "segments").rglob("*.seg")))
        self._indexes = Indexes(self._generation, heap=self._heap, files=self._files)
        # An interrupted rebuild continues before anything is read, because it needs every record from here on.
        left = unfinished(self._data, whole=made or self._gap or coverage.is_rebuild_requested(self._data))
        self._rebuild = Rebuild(self._data, self._tail.positions, self._files, folder=left) if left else None
        tidy(self._data, {self._generation, left} if left else {self._generation})
        self._untidy = not (made or self._gap or left or self._coverage.forget)  # a swap may have been cut short
        self._waiting, self._records, self._changed, self._committed_at = 0, 0, made, 0
        self._again: set[bytes] = set()
        self._new.clear()

    def _current(self) -> tuple[Path, coverage.Coverage, bool]:
        """The generation to write, what it covers, and whether it was made just now because none was usable."""
        generation = coverage.current(self._data)
        try:
            known = coverage.load(generation) if generation else None
        except DamagedIndex as error:
            log.error("index.damaged", problem=str(error))
            known = None
        if generation is not None and known is not None and known.version == VERSION:
            return generation, known, False
        folder, fresh = next_folder(self._data), coverage.Coverage(VERSION)
        self._files.make_folder(folder)
        coverage.save(folder, fresh, self._files)
        coverage.make_current(folder, self._files)
        return folder, fresh, True

    def _reopen(self) -> None:
        self._close_indexes()
        self._open()

    def _close_indexes(self) -> None:
        if self._rebuild is not None:
            self._rebuild.close()
        self._indexes.close()

    def _take_new(self, now: int) -> int:
        records = self._tail.poll(AT_ONCE)
        for record in records:
            if record.type == Type.RECEIPT:
                capture = Capture.from_head(record.head)
                documented = _documented(capture, record, self._look)
                if capture.basis == "clock":
                    self._new.append(capture.received)
                self._add(documented, record.journal, record.number)
                self._waiting += documented.size
                self._relieve()
            elif record.type == Type.DISPOSED:
                self._dispose(record)
                self._forget_from = now + FORGET_AFTER_MS
        self._records += len(records)
        self._changed = self._changed or bool(records)
        return len(records)

    def _dispose(self, record: Record) -> None:
        """Delete a disposed capture from the index. Its words remain in index files until those are rewritten."""
        items = [(item["class"], uuid.UUID(item["id"]).bytes) for item in Event.from_head(record.head).facts["items"]]
        if not items:
            return
        rebuild = self._rebuild
        self._indexes.commit()  # so that what is about to go can be looked up
        leftovers.note_files(self._data, Reader(self._data, self._generation), [id_ for _, id_ in items], self._files)
        for class_, id_ in items:
            received = received_of(id_)
            self._indexes.delete(class_, received, id_)
            self._coverage.forget.add((class_, year_of(received)))
            if rebuild is not None and record.number > rebuild.start.get(record.journal, 0):
                if rebuild.makes(class_, received):
                    rebuild.indexes.delete(class_, received, id_)
                rebuild.coverage.forget.add((class_, year_of(received)))

    def _take_read(self) -> int:
        """Index again what more was read of, by the archive and the cache; how many captures that were."""
        some = [id_ for id_ in extract_cache.ready(self._data) if id_ not in self._again][:AT_ONCE]
        if some:
            machine = self._machine = as_of_now(self._machine, self._data)
            for id_ in some:
                self._again.add(id_)
                try:
                    capture = machine.capture(id_)
                    documented = document_of(capture, machine.body(id_), look=self._look)
                except (DamagedFile, NotInArchive) as error:
                    log.error("index.again", capture=id_.hex(), problem=str(error))
                    continue
                if capture.number <= self._tail.positions.get(capture.journal, 0):  # else it comes from its journal
                    self._indexes.replace(documented)
                    self._waiting += documented.size
            self._changed = True
        return len(some)

    def _relieve(self) -> None:
        """Let the indexing threads catch up in the middle of a batch, so that large mail does not pile up in memory. Coverage is
        not written: it may be behind the index, never ahead."""
        if self._waiting >= self._commit_bytes:
            if self._rebuild is not None:
                self._rebuild.indexes.commit()
            self._indexes.commit()
            self._waiting = 0

    def _add(self, documented: Documented, place: str, number: int) -> None:
        replay = number <= self._suspect.get(place, 0)
        self._indexes.add(documented, replay=replay)
        rebuild = self._rebuild
        if rebuild is not None and number > rebuild.start.get(place, 0) and rebuild.makes(documented.class_, documented.received):
            rebuild.indexes.add(documented, replay=replay)
        self._changed = True


def _documented(capture: Capture, record: Record, look: ExtractLookup) -> Documented:
    try:
        return document_of(capture, body_of(record), look=look)
    except (DamagedFile, NotInArchive) as error:
        log.error("index.body", capture=capture.uuid, problem=str(error))
        return without_body(capture)
