"""One message on its way in: up to 1 MiB in memory, above into the journal's spool as it arrives, written by two threads.

The event loop never waits for the disk here: a body that comes faster than the disk takes it makes its own client wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from civicmail.mail.archive.commit import SPOOL_ABOVE, Spool, Writer
from civicmail.mail.archive.identity import capture_id

PIECE = 256 * 1024
EARLY = 128 * 1024
"""Held before a body is spooled that is announced as large: enough for any header."""
MEMORY = 64 << 20
"""Bytes that all bodies together may hold in memory; above it each body larger than EARLY goes to the spool."""


class Spooler:
    """The threads and the memory budget that all bodies of a process share."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.held = 0
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="spool")

    def most(self, declared: int) -> int:
        """Bytes of a body that stay in memory before it is spooled. declared: SIZE of MAIL, 0 if absent."""
        return EARLY if declared > SPOOL_ABOVE or self.held > MEMORY else SPOOL_ABOVE

    def close(self) -> None:
        self.threads.shutdown()


class Intake:
    """The content of one message. received: ms since 1970, the time in its capture id. more: called when there is room again."""

    def __init__(self, spooler: Spooler, received: int, declared: int, more: Callable[[], None]) -> None:
        self.received = received
        self.size = 0
        self.spool: Spool | None = None
        self.failed: Exception | None = None
        self._spooler = spooler
        self._declared = declared
        self._more = more
        self._chunks: list[bytes] = []
        self._held = 0
        self._head = b""
        self._writing: asyncio.Future[None] | None = None
        self._dropped = False

    @property
    def full(self) -> bool:
        """The client has to wait until `more` is called."""
        return self.spool is not None and self._held >= PIECE

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.failed is not None:
            return
        self._chunks.append(chunk)
        self._hold(len(chunk))
        if self.spool is None:
            if self._held <= self._spooler.most(self._declared):
                return
            self._head = self.start()[:EARLY]
            try:
                self.spool = self._spooler.writer.spool(capture_id(self.received))
            except Exception as error:  # noqa: BLE001 - whatever the disk says, this message is told 4xx and the session goes on
                self._fail(error)
                return
        if self._held >= PIECE:
            self._write()

    def start(self) -> bytes:
        """The beginning of the content: all of it while it is in memory, else what any header fits in."""
        if self.spool is not None:
            return self._head
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    async def finish(self) -> bytes | Spool:
        """All of the content, when the last of it is written. Raises what went wrong while it came in."""
        while self.spool is not None and (self._writing is not None or self._chunks) and self.failed is None:
            self._write()
            assert self._writing is not None
            await asyncio.wait([self._writing])
        if self.failed is not None:
            raise self.failed
        if self.spool is not None:
            return self.spool
        content = self.start()
        self.release()
        return content

    def discard(self) -> None:
        """Discard a rejected message from memory and spool."""
        self.release()
        self._dropped = True
        if self._writing is None:
            self._remove()

    def release(self) -> None:
        """Free the body's memory."""
        self._chunks.clear()
        self._hold(-self._held)

    # -- the spool

    def _hold(self, size: int) -> None:
        self._held += size
        self._spooler.held += size

    def _write(self) -> None:
        if self._writing is not None or self.spool is None:
            return
        piece = b"".join(self._chunks)
        self.release()
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._spooler.threads, self.spool.write, piece)
        self._writing.add_done_callback(self._written)

    def _written(self, done: asyncio.Future[None]) -> None:
        self._writing = None
        error = done.exception()
        if self._dropped:
            self._remove()
        elif isinstance(error, Exception):
            self._fail(error)
            self._more()
        else:
            if self._held >= PIECE:
                self._write()
            self._more()

    def _fail(self, error: Exception) -> None:
        self.failed = error
        self.discard()

    def _remove(self) -> None:
        spool, self.spool = self.spool, None
        if spool is not None:
            self._spooler.threads.submit(spool.discard)
