"""Pools of sandboxed processes that read messages for screening; the result is an ExtractedMessage, or Unreadable is raised."""

from __future__ import annotations

import asyncio
import mmap
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from civicmail.core.sandbox.async_pool import MAX_PENDING, AsyncPool
from civicmail.core.sandbox.pool import Pool
from civicmail.mail.screening.fair_queue import FairQueue
from civicmail.mail.screening.reader_request import SERVICE, ReadMessage
from civicmail.mail.screening.shapes import ExtractedMessage

MAX_READ = 40 << 20
"""Bytes of a message that are read while its client waits: enough for a file of 25 MB, half a second, or three if all of it is
text. Of a larger message the beginning is read."""
LARGE = 256 << 10
"""Above this size messages have processes of their own, so that small mail does not wait: fifty messages of a megabyte of HTML
take ten seconds."""
LARGE_PROCESSES = 2
"""Large messages read at a time, one of each client, so that one client's slow messages leave a process for others."""


class Readers:
    """processes: small messages read at a time, besides LARGE_PROCESSES; seconds: processor time for each; most: bytes read of a
    message."""

    def __init__(self, processes: int, seconds: float, most: int = MAX_READ) -> None:
        self._small = _Small(processes, seconds, most)
        self._large = _Large(LARGE_PROCESSES, seconds, most)
        self._most = most

    def warm(self) -> None:
        """Start a process for small messages before the first message; returns at once."""
        self._small.warm()

    async def read(self, content: bytes | mmap.mmap, request: ReadMessage, who: str = "") -> ExtractedMessage:
        """Read a message. who: the client key for the fair queue (fair_queue.py). Raises Unreadable."""
        lane = self._small if min(len(content), self._most) <= LARGE else self._large
        return await lane.ask(request, content, who)

    def close(self) -> None:
        """End the processes; waits for large messages that are being read. Blocks."""
        self._small.close()
        self._large.close()


class _Lane(ABC):
    """Processes behind a fair queue. at_once: requests at a time; most: bytes read of a message; each: requests at a time per
    client."""

    def __init__(self, at_once: int, seconds: float, most: int, each: int | None = None) -> None:
        self._seconds = seconds
        self._most = most
        self._queue = FairQueue(at_once, per_client=each)
        self._clock = time.monotonic

    async def ask(self, request: ReadMessage, content: bytes | mmap.mmap, who: str) -> ExtractedMessage:
        await self._queue.acquire(who)
        began = self._clock()

        def begins() -> None:  # what one waits for behind another's message is not on one's own account
            nonlocal began
            began = self._clock()

        def over(
            done: asyncio.Task[ExtractedMessage],
        ) -> None:  # also where nobody waits for it any more: the process was busy
            self._queue.release(who, self._clock() - began)
            if not done.cancelled():
                done.exception()  # told to whoever waits

        task = asyncio.Task(self._answer(request, content, begins), loop=asyncio.get_running_loop(), eager_start=True)
        task.add_done_callback(over)
        return await asyncio.shield(task)

    def _piece(self, content: bytes | mmap.mmap) -> bytes | mmap.mmap:
        """The part that is read; a copy unless that is all."""
        return content if len(content) <= self._most else content[: self._most]

    @abstractmethod
    async def _answer(self, request: ReadMessage, content: bytes | mmap.mmap, begins: Callable[[], None]) -> ExtractedMessage:
        """Send the request; return the answer. begins: called when a process starts on it."""


class _Small(_Lane):
    """Runs on the event loop: a small message fits the pipe at once."""

    def __init__(self, processes: int, seconds: float, most: int) -> None:
        super().__init__(processes * MAX_PENDING, seconds, most)
        self._pool = AsyncPool(SERVICE, processes=processes)

    def warm(self) -> None:
        self._pool.warm()

    def close(self) -> None:
        self._pool.close()

    async def _answer(self, request: ReadMessage, content: bytes | mmap.mmap, begins: Callable[[], None]) -> ExtractedMessage:
        return await self._pool.request(request, self._piece(content), seconds=self._seconds, begins=begins)


class _Large(_Lane):
    """Runs in threads, because a memory map may wait for the disk, and the loop must not. Waiting messages are not copied."""

    def __init__(self, processes: int, seconds: float, most: int) -> None:
        super().__init__(processes, seconds, most, each=1)
        self._pool = Pool(SERVICE, processes=processes)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="screening")

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._pool.close()

    async def _answer(self, request: ReadMessage, content: bytes | mmap.mmap, begins: Callable[[], None]) -> ExtractedMessage:
        ask = partial(self._ask, request, content)
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    def _ask(self, request: ReadMessage, content: bytes | mmap.mmap) -> ExtractedMessage:
        return self._pool.request(request, self._piece(content), seconds=self._seconds)
