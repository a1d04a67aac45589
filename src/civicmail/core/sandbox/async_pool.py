"""Sandboxed processes for an asyncio event loop; pool.py is the version for threads.

    desk = AsyncPool((sys.executable, "-I", "-m", "…"), processes=1)
    await desk.ask({"what": "text"}, content, seconds=10)        the answer; raises Unreadable

A thread that has its answer gets the interpreter back from a busy loop five milliseconds later (sys.getswitchinterval), and
meanwhile the process has nothing to do. Here it has: the next question lies in its pipe while it answers one.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from civicmail.core.sandbox import frames, pool
from civicmail.core.sandbox.child import MAX_FRAME, Child
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, Unreadable

MAX_PENDING = 2
"""Questions that a process has: the one that it answers, and the next."""
_READ = 1 << 16  # bytes: most answers in one piece


@dataclass(slots=True)
class _Desk:
    """A process and its two pending requests: one is answered, the next lies in its pipe. pending: number of requests; child:
    replaced as soon as the process is being ended, so that nothing more is written to it."""

    child: Child
    pending: int = 0
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Restarted(Exception):
    """The process has ended because of the question before."""


class AsyncPool:
    """For one event loop. Content should fit in a pipe: what does not is written as the process reads it."""

    def __init__(self, command: Sequence[str], *, processes: int) -> None:
        self._command = command
        self._desks = [_Desk(Child(command)) for _ in range(processes)]
        self._slots = asyncio.Semaphore(processes * MAX_PENDING)
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="limited")  # its life is theirs, too (pool.py)

    def warm(self) -> None:
        """Start the processes; returns immediately and needs no loop."""
        for desk in self._desks:
            self._starter.submit(desk.child.line)

    async def request(
        self, question: Mapping[str, Any], content: bytes | mmap.mmap, *, seconds: float, begins: Callable[[], None] | None = None
    ) -> bytes:
        """Send a request and return its reply. seconds: processor time; begins: called when the process starts on it. Raises
        Unreadable. Cancelling this ends the process: shield it."""
        request = pool.encode_request(question, seconds) + frames.HEAD.pack(frames.CONTENT, len(content))
        data = [request + content[:]] if len(content) < frames.SMALL else [request, content]
        async with self._slots:
            desk = min(self._desks, key=lambda candidate: candidate.pending)  # none has two while another has none
            desk.pending += 1
            try:
                while True:
                    with contextlib.suppress(_Restarted):
                        return await self._exchange(desk, [memoryview(piece) for piece in data], seconds, begins)
            except asyncio.CancelledError:
                self._end(desk)
                raise
            finally:
                desk.pending -= 1

    def close(self) -> None:
        """End all processes. Blocks."""
        self._starter.shutdown()
        for desk in self._desks:
            desk.child.kill()

    async def _exchange(self, desk: _Desk, data: list[memoryview], seconds: float, begins: Callable[[], None] | None) -> bytes:
        async with desk.writing:
            child = desk.child
            line = child.running()
            if line is None:
                line = await asyncio.wrap_future(self._starter.submit(child.line))
            if desk.child is child:
                with contextlib.suppress(frames.ClosedPipe):  # it is heard again when the answer is read
                    _write(line, data)
            await desk.reading.acquire()
            if data:  # more than a pipe holds: nobody writes beside it
                return await self._read_reply(desk, child, line, data, seconds, begins)
        return await self._read_reply(desk, child, line, data, seconds, begins)

    async def _read_reply(
        self,
        desk: _Desk,
        child: Child,
        line: frames.Pipes,
        data: list[memoryview],
        seconds: float,
        begins: Callable[[], None] | None,
    ) -> bytes:
        """Read the reply; only one caller at a time gets here."""
        try:
            if desk.child is not child:
                raise _Restarted
            if begins is not None:
                begins()
            async with asyncio.timeout(child.allowed(seconds)):
                await _send(line, data)
                kind, reply = await _receive(line)
            reason, is_spent = pool.check_reply(child, kind, reply)
            if is_spent:
                await self._end(desk)
        except TimeoutError:
            await self._end(desk)
            reason = TOO_LONG
        except frames.ClosedPipe:
            reason = TOO_LONG if await self._end(desk) == -signal.SIGXCPU else CRASHED
        finally:
            desk.reading.release()
        if reason is not None:
            raise Unreadable(reason)
        return reply

    def _end(self, desk: _Desk) -> asyncio.Future[int]:
        """A fresh process takes over; how the last one ended."""
        ended, desk.child = desk.child, Child(self._command)
        try:
            return asyncio.wrap_future(self._starter.submit(ended.kill))
        except RuntimeError:  # closed meanwhile
            ended.kill()
            ended_at_close: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            ended_at_close.set_result(0)
            return ended_at_close


def _write(line: frames.Pipes, data: list[memoryview]) -> None:
    """As much as there is room for in the pipe; the rest stays in data. Raises Gone."""
    try:
        while data:
            data[0] = data[0][os.write(line.out, data[0][: frames.PIECE]) :]
            if not data[0]:
                del data[0]
    except BlockingIOError:
        return
    except OSError:
        raise frames.ClosedPipe from None


async def _send(line: frames.Pipes, data: list[memoryview]) -> None:
    loop = asyncio.get_running_loop()
    while data:
        await _ready(loop.add_writer, loop.remove_writer, line.out)
        _write(line, data)


async def _receive(line: frames.Pipes) -> tuple[bytes, bytes]:
    """The frame that answers a question. Raises Gone."""
    loop, held, kind, size = asyncio.get_running_loop(), line.held, b"", 0
    while not size or len(held) < size:
        if not size and len(held) >= frames.HEAD.size:
            kind, length = frames.HEAD.unpack_from(held)
            size = frames.HEAD.size + length
            if size > MAX_FRAME:
                raise frames.ClosedPipe
            continue
        await _ready(loop.add_reader, loop.remove_reader, line.in_)
        try:
            piece = os.read(line.in_, _READ)
        except BlockingIOError:
            continue
        if not piece:
            raise frames.ClosedPipe
        held += piece
    reply = bytes(held[frames.HEAD.size : size])
    del held[:size]
    return kind, reply


async def _ready(add: Callable[..., Any], remove: Callable[[int], Any], fd: int) -> None:
    """Wait until an end of a pipe can be written or read."""
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    add(fd, _wake, ready)
    try:
        await ready
    finally:
        remove(fd)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():  # a loop may look twice before anybody has come for it
        ready.set_result(None)
