"""Reading a message in limited processes that wait for it: what comes back is Seen, or Unreadable (core/sandbox)."""

from __future__ import annotations

import asyncio
import mmap
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from civicmail.core.sandbox.asking import Pool
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.mail.screening import seencode
from civicmail.mail.screening.shapes import Seen
from civicmail.mail.screening.turns import Turns

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.screening.worker")
READ_MOST = 40 << 20
"""Bytes of a message that are read while its client waits, enough for a file of 25 MB: half a second, and three where all of it is
text. Of a larger one these are the beginning."""
LARGE = 256 << 10
"""Bytes above which a message is read by a process of its own, so that small mail does not wait for it: fifty of a megabyte of HTML
take ten seconds."""


class Readers:
    """processes: how many small messages are read at a time, and one large one besides; seconds: of the processor for each."""

    def __init__(self, processes: int, seconds: float, most: int = READ_MOST) -> None:
        self._small = _Reader(processes, seconds)
        self._large = _Reader(1, seconds)
        self._most = most

    def warm(self) -> None:
        """Have the processes for small messages started before the first one comes; returns at once."""
        self._small.warm()

    async def read(self, content: bytes | mmap.mmap, asked: Mapping[str, Any], who: str = "") -> Seen:
        """who: whose turn it takes (turns.py). Raises Unreadable."""
        whole = content if len(content) <= self._most else content[: self._most]
        said = await (self._small if len(whole) <= LARGE else self._large).ask({"asked": asked}, whole, who)
        try:
            return seencode.decode(said)
        except (TypeError, KeyError, ValueError, AttributeError):  # the process was taken over
            raise Unreadable(CRASHED) from None

    def close(self) -> None:
        """Waits for what is being read. Blocks."""
        self._small.close()
        self._large.close()


class _Reader:
    def __init__(self, processes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = Pool(COMMAND, processes=processes)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="screening")
        self._seconds = seconds
        self._turns = Turns(processes)
        self._clock = clock

    def warm(self) -> None:
        self._threads.submit(self._asked, {}, b"")

    async def ask(self, question: Mapping[str, Any], content: bytes | mmap.mmap, who: str) -> bytes:
        await self._turns.take(who)
        loop, began = asyncio.get_running_loop(), self._clock()

        def over(_: Future[bytes]) -> None:  # also where nobody waits for it any more: the process is busy until now
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._turns.give, who, self._clock() - began)

        asked = self._threads.submit(self._asked, question, content)
        asked.add_done_callback(over)
        return await asyncio.wrap_future(asked)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._pool.close()

    def _asked(self, question: Mapping[str, Any], content: bytes | mmap.mmap) -> bytes:
        return self._pool.ask(question, content, seconds=self._seconds)
