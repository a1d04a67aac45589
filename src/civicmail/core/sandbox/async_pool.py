"""Sandboxed processes for an asyncio event loop; pool.py is the version for threads.

    pool = AsyncPool(SERVICE)
    await pool.request(CountWords(), content, seconds=10)        the reply; raises Unreadable

A thread with an answer gets the interpreter back from a busy loop only five milliseconds later (sys.getswitchinterval), and its
process is idle meanwhile. Here it is not: the next request is in its pipe while it answers one.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from civicmail.core.sandbox import frames, pool, service
from civicmail.core.sandbox.child import Child
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, Unreadable
from civicmail.core.sandbox.service import Request, Service

MAX_PENDING = 2
"""Requests of a process: the one that it answers, and the next."""
_READ = 1 << 16  # bytes: most answers in one piece


@dataclass(slots=True)
class _Desk:
    """A process and its two pending requests: one is answered, the next is in its pipe. pending: number of requests; child:
    replaced as soon as the process is being ended, so that nothing more is written to it."""

    child: Child
    pending: int = 0
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _Exchange[Reply]:
    """A request on its way to a process. unsent: what is not written yet; size: bytes of the content; begins: as of request()."""

    request: Request[Reply]
    unsent: list[memoryview]
    size: int
    seconds: float
    begins: Callable[[], None] | None


class _Restarted(Exception):
    """The process has ended because of the question before."""


class AsyncPool:
    """For one event loop. Content should fit in a pipe: what does not is written as the process reads it."""

    def __init__(self, asked: Service, *, processes: int = 0) -> None:
        self._command = asked.command
        self._desks = [_Desk(Child(asked.command)) for _ in range(processes or asked.processes)]
        self._slots = asyncio.Semaphore(len(self._desks) * MAX_PENDING)
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="limited")  # its life is theirs, too (pool.py)

    def warm(self) -> None:
        """Start the first process; returns immediately and needs no loop. The others start when messages come at the same time."""
        self._starter.submit(self._desks[0].child.line)

    async def request[Reply](
        self, asked: Request[Reply], content: bytes | mmap.mmap, *, seconds: float, begins: Callable[[], None] | None = None
    ) -> Reply:
        """Send a request and return its reply. seconds: processor time; begins: called when the process starts on it. Raises
        Unreadable. Cancelling this ends the process: shield it."""
        head = frames.frame(frames.ASK, service.encode_request(asked, seconds)) + frames.HEAD.pack(frames.CONTENT, len(content))
        data = [head + content[:]] if len(content) < frames.SMALL else [head, content]
        async with self._slots:
            desk = min(self._desks, key=lambda candidate: candidate.pending)  # none has two while another has none
            desk.pending += 1
            try:
                while True:
                    with contextlib.suppress(_Restarted):
                        exchange = _Exchange(asked, [memoryview(piece) for piece in data], len(content), seconds, begins)
                        return await self._exchange(desk, exchange)
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

    async def _exchange[Reply](self, desk: _Desk, exchange: _Exchange[Reply]) -> Reply:
        async with desk.writing:
            child = desk.child
            line = child.running()
            if line is None:
                line = await asyncio.wrap_future(self._starter.submit(child.line))
            if desk.child is child:
                with contextlib.suppress(frames.ClosedPipe):  # read again once the answer was taken
                    _write(line, exchange.unsent)
            await desk.reading.acquire()
            if exchange.unsent:  # more than a pipe holds: no other writer meanwhile
                return await self._read_reply(desk, child, line, exchange)
        return await self._read_reply(desk, child, line, exchange)

    async def _read_reply[Reply](self, desk: _Desk, child: Child, line: frames.Pipes, exchange: _Exchange[Reply]) -> Reply:
        """Read the reply; only one caller at a time gets here."""
        try:
            if desk.child is not child:
                raise _Restarted
            if exchange.begins is not None:
                exchange.begins()
            async with asyncio.timeout(child.allowed(exchange.seconds)):
                await _send(line, exchange.unsent)
                kind, data = await _receive(line, exchange.request.max_reply(exchange.size))
            try:
                return pool.read_reply(child, exchange.request, kind, data, exchange.size)
            finally:
                if child.is_spent:
                    await self._end(desk)
        except TimeoutError:
            await self._end(desk)
            raise Unreadable(TOO_LONG) from None
        except frames.ClosedPipe:
            raise Unreadable(TOO_LONG if await self._end(desk) == -signal.SIGXCPU else CRASHED) from None
        finally:
            desk.reading.release()

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
    """Write as much as the pipe has room for; the rest stays in data. Raises ClosedPipe."""
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


async def _receive(line: frames.Pipes, most: int) -> tuple[bytes, bytes]:
    """The frame that answers a request, of at most so many bytes. Raises ClosedPipe."""
    loop, held, kind, size = asyncio.get_running_loop(), line.held, b"", 0
    while not size or len(held) < size:
        if not size and len(held) >= frames.HEAD.size:
            kind, length = frames.HEAD.unpack_from(held)
            size = frames.HEAD.size + length
            if length > most:
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
