"""The job that extracts text from attachments: it finds waiting captures in the index, reads their files in sandboxed processes and
requests that they are indexed again. Two lanes with a lease each: `extract` for text, within seconds, and `ocr` for pictures, one
after another.

The job has no state: the index lists the captures that wait, and the cache contains the text that was read. Both are restored when
a deleted index is rebuilt.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.sandbox.errors import BUSY, TOO_LONG, Unreadable
from civicmail.core.sandbox.file_text import FileText, TextReader
from civicmail.core.sandbox.ocr import Ocr
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.search import coverage, extract_cache, leftovers, message_reader
from civicmail.mail.search.attachments import PICTURES, TEXT, Extract, name_of, without_reader
from civicmail.mail.search.counts import still
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.message_requests import Whole
from civicmail.mail.search.order import batch
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import id_bytes

log = get_logger()
LEASES = {TEXT: "extract", PICTURES: "ocr"}
AT_ONCE = 50  # captures of one step
PROCESSES_MOST = 4
OCR_SECONDS = 600  # for all pages of one file


class _TextReaders:
    """As many readers as there are threads that read files at the same time."""

    def __init__(self) -> None:
        self._idle: queue.SimpleQueue[TextReader] = queue.SimpleQueue()
        self._all: list[TextReader] = []

    @contextmanager
    def one(self) -> Iterator[TextReader]:
        try:
            reader = self._idle.get_nowait()
        except queue.Empty:
            reader = TextReader()
            self._all.append(reader)
        try:
            yield reader
        finally:
            self._idle.put(reader)

    def close(self) -> None:
        for reader in self._all:
            reader.close()


class FileReader:
    """Read a file that is not in the cache, for an import; a lookup as in attachments.py. Safe for any number of threads, which
    must live until it is closed."""

    def __init__(self, data: Path) -> None:
        self._extracts = Extracts(data)
        self._readers = _TextReaders()

    def __call__(self, digest: bytes, content: bytes) -> Extract | None:
        if (known := self._extracts.get(digest) or without_reader(content)) is None:
            with self._readers.one() as reader:
                known = _extract(reader.read(content))
            self._extracts.put(digest, known)
        return known

    def close(self) -> None:
        self._readers.close()


class ExtractJob:
    """The job of one lane. Raises LeaseHeld if another process has the lane. ocr: for the lane of pictures. stopped: called between
    two captures and between two pages; the next holder of the lease does the remaining work."""

    def __init__(
        self, data: Path, ocr: Ocr | None = None, *, processes: int | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self.lane = PICTURES if ocr else TEXT
        self._lease = Lease.take(lease_path(data, LEASES[self.lane]))
        self._data = data
        self._ocr = ocr
        self._stopped = stopped
        self._extracts = Extracts(data)
        self._machine: Machine | None = None
        self._reader: Reader | None = None
        self._unreachable: set[bytes] = set()
        cores = min(len(os.sched_getaffinity(0)), PROCESSES_MOST)
        self._threads = ThreadPoolExecutor(1 if ocr else processes or cores, thread_name_prefix=LEASES[self.lane])
        self._readers = _TextReaders()

    def step(self) -> int:
        """Read the files of some waiting captures, newest first; returns the number of captures. None while the index is paused for
        lack of space, because extracted text is on the same volume."""
        if coverage.is_paused(self._data):
            return 0
        ready = set(extract_cache.ready(self._data))  # read first: captures that the index lacks then are indexed already
        waiting = [id_ for id_ in self._waiting(len(ready) + AT_ONCE) if id_ not in ready and id_ not in self._unreachable]
        if self._ocr:
            waiting = waiting[:1]
        try:
            for id_ in waiting[:AT_ONCE]:
                self._read(id_)
        except _Stopped:
            return 0
        return len(waiting)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._readers.close()
        self._lease.close()

    def _waiting(self, most: int) -> list[bytes]:
        try:
            if self._reader is None:
                self._reader = Reader(self._data)
            else:
                self._reader.refresh()
        except (NotIndexed, DamagedIndex):
            self._reader = None
            return []
        hits, _ = batch(self._reader.searchers(), still(self.lane), "newest", None, most + len(self._unreachable))
        return [id_bytes(*f.key[1:]) for f in hits]

    def _read(self, id_: bytes) -> None:
        """Read every missing file of a capture, then request that it is indexed again."""
        if self._stopped():
            raise _Stopped
        try:
            self._machine = self._machine or Machine(self._data)
            self._machine.refresh()
            body = self._machine.body(id_)
        except (DamagedFile, NotInArchive) as error:
            log.error("extract.body", capture=id_.hex(), problem=str(error))
            self._unreachable.add(id_)
            return
        try:
            files = message_reader.files(body)
        except Unreadable as error:
            log.error("extract.unreadable", capture=id_.hex(), problem=error.why)
            if error.why != BUSY:
                self._unreachable.add(id_)
            return
        digests = [done.result() for done in [self._threads.submit(self._one, file) for file in files]]
        self._machine.refresh()
        try:
            self._machine.capture(id_)
        except NotInArchive:  # disposed of meanwhile: its text may have been stored after it was forgotten
            extract_cache.set_gone(self._data, map(name_of, digests), OS_FILES)
            leftovers.forget_files(self._data)
            return
        extract_cache.set_ready(self._data, id_)

    def _one(self, file: Whole) -> bytes:
        """Read one file; its SHA-256."""
        digest = sha256(file.content).digest()
        known = self._extracts.get(digest) or file.known
        if known is None or (self._ocr and known.pictures):
            with self._readers.one() as reader:
                known = known or _extract(reader.read(file.content))
                if self._ocr and known.pictures:
                    known = self._with_pictures(known, reader, file.content, self._ocr)
            self._extracts.put(digest, known)
        return digest

    def _with_pictures(self, known: Extract, reader: TextReader, content: bytes, ocr: Ocr) -> Extract:
        """The same with OCR of its pictures, within the time limit of one file."""
        texts: list[str] = [known.text]
        unreadable = dict.fromkeys(known.unreadable)
        end = time.monotonic() + OCR_SECONDS

        def on_picture(picture: bytes) -> None:
            if self._stopped():
                raise _Stopped
            if time.monotonic() > end:
                unreadable[("", TOO_LONG)] = None
                return
            words, why = ocr.words(picture)
            texts.append(words)
            if why:
                unreadable[("", why)] = None

        reading = reader.read(content, on_picture)
        unreadable |= dict.fromkeys(reading.unreadable)
        return Extract("\n".join([text for text in texts if text]), tuple(unreadable))


class _Stopped(Exception):
    """The worker ends."""


def _extract(reading: FileText) -> Extract:
    return Extract(reading.text, tuple(reading.unreadable), reading.pictures)
