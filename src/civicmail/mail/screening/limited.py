"""Reading a message in limited processes that wait for it: what comes back is Seen, or Unreadable (core/sandbox)."""

from __future__ import annotations

import asyncio
import mmap
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from civicmail.core.sandbox.asking import Pool
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.mail.screening import seencode
from civicmail.mail.screening.shapes import Seen

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

    async def read(self, content: bytes | mmap.mmap, asked: Mapping[str, Any]) -> Seen:
        """Raises Unreadable."""
        whole = content if len(content) <= self._most else content[: self._most]
        said = await (self._small if len(whole) <= LARGE else self._large).ask({"asked": asked}, whole)
        try:
            return seencode.decode(said)
        except (TypeError, KeyError, ValueError, AttributeError):  # the process was taken over
            raise Unreadable(CRASHED) from None

    def close(self) -> None:
        """Waits for what is being read. Blocks."""
        self._small.close()
        self._large.close()


class _Reader:
    def __init__(self, processes: int, seconds: float) -> None:
        self._pool = Pool(COMMAND, processes=processes)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="screening")
        self._seconds = seconds

    def warm(self) -> None:
        self._threads.submit(self._asked, {}, b"")

    async def ask(self, question: Mapping[str, Any], content: bytes | mmap.mmap) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._asked, question, content)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._pool.close()

    def _asked(self, question: Mapping[str, Any], content: bytes | mmap.mmap) -> bytes:
        return self._pool.ask(question, content, seconds=self._seconds)
