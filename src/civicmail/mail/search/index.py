"""Write the indexes of one generation: one per retention class and year of receipt, at most four open at a time.

A document is searchable after commit(). A writer that dies (a full disk) takes everything since its last commit with it: the holder
of the lease then drops this object and reads again from the covered positions, with replay=True.

Mail of many years at once would make four writers open and close all the time, so what belongs to an index that has no writer at
this moment waits in memory and is written together. A writer that makes room for another one is committed and closed by a thread
beside, because a commit waits for the indexing threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import tantivy

from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive.records import month_of
from civicmail.mail.search.coverage import Key
from civicmail.mail.search.documents import Documented
from civicmail.mail.search.errors import DamagedIndex, IndexFailed
from civicmail.mail.search.schema import SCHEMA, ids

log = get_logger()
OPEN_AT_ONCE = 4
LIVE_HEAP = 24_000_000  # bytes of memory that one writer fills before it writes a segment
BULK_HEAP = 64_000_000
PENDING_BYTES = 32_000_000  # of text that may wait for a writer
WORTH_A_WRITER = 2_000_000  # bytes of text of one index for which another one is closed
CLOSING_AT_ONCE = 2
DAY = 86_400_000  # ms


@dataclass(slots=True)
class _Open:
    writer: tantivy.IndexWriter
    fresh: bool  # made in this run: nothing in it can be a repeat from before
    waiting: int = 0

    def add(self, documented: Documented, replay: bool) -> None:
        with _failures():
            if replay and not self.fresh:
                _delete(self.writer, documented.id)
            self.writer.add_json(documented.document)
        self.waiting += 1

    def replace(self, documented: Documented) -> None:
        with _failures():
            _delete(self.writer, documented.id)
            self.writer.add_json(documented.document)
        self.waiting += 1

    def commit(self) -> None:
        if self.waiting:
            with _failures():
                self.writer.commit()
            self.waiting = 0

    def finish(self) -> None:
        """Commit, then let the writer go."""
        try:
            self.commit()
        finally:
            _let_go(self.writer)


@dataclass(slots=True)
class _Pending:
    """Documents that wait for a writer. weight: bytes of text."""

    documents: list[tuple[Documented, bool]] = field(default_factory=list)
    weight: int = 0

    def add(self, documented: Documented, replay: bool) -> None:
        self.documents.append((documented, replay))
        self.weight += documented.weight


class Indexes:
    """The indexes of one generation. Not thread-safe. folder: the generation."""

    def __init__(self, folder: Path, *, heap: int = LIVE_HEAP, files: Files = OS_FILES) -> None:
        self.folder = folder
        self._heap = heap
        self._files = files
        self._open: OrderedDict[Key, _Open] = OrderedDict()
        self._pending: dict[Key, _Pending] = {}
        self._pending_bytes = 0
        self._threads = ThreadPoolExecutor(OPEN_AT_ONCE + CLOSING_AT_ONCE, thread_name_prefix="index")
        self._closing: dict[Key, Future[None]] = {}

    def add(self, documented: Documented, *, replay: bool) -> None:
        """Add one capture. replay: it may already be there (read again after a crash), so delete it first."""
        key = (documented.class_, year_of(documented.received))
        if key in self._open or len(self._open) < OPEN_AT_ONCE:
            self._writer(key).add(documented, replay)
            return
        pending = self._pending.setdefault(key, _Pending())
        pending.add(documented, replay)
        self._pending_bytes += documented.weight
        if pending.weight >= WORTH_A_WRITER:
            self._writer(key)
        elif self._pending_bytes >= PENDING_BYTES:
            self._drain()

    def replace(self, documented: Documented) -> None:
        """Replace the document of a capture: more of it was read."""
        self._writer((documented.class_, year_of(documented.received))).replace(documented)

    def delete(self, class_: str, received: int, capture_id: bytes) -> None:
        """Take one capture out (disposal, change of class)."""
        entry = self._writer((class_, year_of(received)))
        with _failures():
            _delete(entry.writer, capture_id)
        entry.waiting += 1

    def commit(self) -> None:
        """Make everything added searchable and durable. Blocks until the indexing threads have caught up."""
        self._drain()
        commits = [self._threads.submit(entry.commit) for entry in self._open.values()]
        self._settle()
        for done in commits:
            done.result()

    def close(self) -> None:
        """Close all writers; uncommitted documents are lost."""
        self._pending, self._pending_bytes = {}, 0
        self._threads.shutdown()
        while self._open:
            _let_go(self._open.popitem()[1].writer)

    def _drain(self) -> None:
        """Write what waits, the smallest first, so that the writers of the largest stay open."""
        for key in sorted(self._pending, key=lambda k: self._pending[k].weight):
            self._writer(key)

    def _writer(self, key: Key) -> _Open:
        """The open index, with everything that waited for it."""
        entry = self._open.get(key)
        if entry is None:
            if len(self._open) >= OPEN_AT_ONCE:
                self._evict()
            if key in self._closing:
                self._closing.pop(key).result()
            entry = self._open[key] = self._start(index_folder(self.folder, *key))
            if key in self._pending:
                pending = self._pending.pop(key)
                self._pending_bytes -= pending.weight
                for documented, replay in pending.documents:
                    entry.add(documented, replay)
        self._open.move_to_end(key)
        return entry

    def _evict(self) -> None:
        """Close the writer that was not used for the longest time, in a thread beside."""
        if len(self._closing) >= CLOSING_AT_ONCE:
            self._settle()
        key, oldest = self._open.popitem(last=False)
        self._closing[key] = self._threads.submit(oldest.finish)

    def _settle(self) -> None:
        """Wait for the writers that are being closed; raises their errors."""
        while self._closing:
            self._closing.popitem()[1].result()

    def _start(self, folder: Path) -> _Open:
        fresh = not (folder / "meta.json").exists()
        self._files.make_folder(folder)
        try:
            return _Open(tantivy.Index(SCHEMA, str(folder)).writer(self._heap, 1), fresh)
        except (ValueError, OSError) as error:
            raise DamagedIndex(f"The index {folder} cannot be opened ({error}); run “civicmail rebuild index”.") from error


@contextmanager
def _failures() -> Iterator[None]:
    """Convert errors of the writer. tantivy-py raises ValueError for all of them; documents are checked before."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexFailed(f"The index could not be written ({error}); what is missing is read again.") from error


def _let_go(writer: tantivy.IndexWriter) -> None:
    """End the threads and the lock of a writer. A writer whose threads have died reports that here, when nothing depends on it any
    more."""
    try:
        writer.wait_merging_threads()
    except ValueError as error:
        log.warning("index.writer", problem=str(error))


def _delete(writer: tantivy.IndexWriter, capture_id: bytes) -> None:
    """By query: tantivy-py's delete by term takes the number for a signed one and finds nothing."""
    hi, lo = ids(capture_id)
    unsigned = tantivy.FieldType.Unsigned
    same = [
        (tantivy.Occur.Must, tantivy.Query.term_query(SCHEMA, "lo", lo)),
        (tantivy.Occur.Must, tantivy.Query.range_query(SCHEMA, "hi", unsigned, hi, hi)),
    ]
    writer.delete_documents_by_query(tantivy.Query.boolean_query(same))


def index_folder(generation: Path, class_: str, year: int) -> Path:
    return generation / quote(class_, safe="").replace(".", "%2E") / f"{year:04d}"


def year_of(received: int) -> int:
    """Year of receipt in UTC; received as in a capture id: 0 to 2^48 - 1 ms, cut to the calendar."""
    return _year_of_day(min(max(received, 0), 253_402_300_799_999) // DAY)


@lru_cache(maxsize=1 << 14)
def _year_of_day(day: int) -> int:
    return int(month_of(day * DAY)[:4])
