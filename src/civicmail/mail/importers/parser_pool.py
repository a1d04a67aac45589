"""Parse messages in several processes, to use all cores and to contain the effect of a message on its parser.

Each parser process (parser_worker.py) drops access to everything but its messages before the first one. Messages and results are in
shared memory; only lengths go through pipes, so that neither side waits for the other to read. Files that need their own readers
come with the result, and threads complete it. If a message killed its process, threads parse it again in sandboxed processes.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import marshal
import mmap
import os
import select
import signal
import struct
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

import orjson

from civicmail.core.sandbox import confine
from civicmail.core.sandbox.child import ENVIRONMENT

Work = Callable[[bytes, Any], Any]
"""(bytes of a message, request of types that marshal knows) -> result: a tuple of JSON values, the last one a text."""


class Reply(NamedTuple):
    """The reply about one message. files: those that need their own readers before the result is complete."""

    answer: Any
    files: tuple[bytes, ...] = ()


BatchWork = Callable[[list[tuple[bytes, Any]]], list[Reply]]
"""Work on several messages at once."""
Complete = Callable[[bytes, Any, Reply], Any]
"""(bytes of a message, request, reply with its files) -> result."""
IsPlausible = Callable[[Any, Any], bool]
"""(request, result) -> whether an honest process can have sent it. A message may take over its process."""

CHUNK_BYTES = 1 << 20  # bytes of messages and requests in one chunk
SLOT_BYTES = 64 << 20  # bytes of address space for a slot: for one larger message alone
SLOTS = 2  # so that it has work while the parent waits for the disk or feeds the index
CHUNK_MESSAGES = 64  # messages that go at a time
MAX_PROCESSES = 4
MAX_WAITING = 8  # messages that are read apart, or wait for it, at a time
MEMORY_BYTES = 4 << 30
"""Bytes of address space of a parser process: the program, its slots, and a message several times."""
CPU_SECONDS = 60
"""Processor seconds for one chunk: fifty messages of a megabyte of HTML take ten."""
STALL_SECONDS = 900.0
"""Seconds in which some process says something."""
MAX_REPLY_BYTES = 1 << 30
_REPLY_HEAD = struct.Struct("<QQ")  # length of the answers; where in the memory they lie, _PIPED when they follow in the pipe
_PIPED = 1 << 63
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
"""A process that was taken over cannot take the memory away from under us, which would end the import (SIGBUS)."""


@dataclass(slots=True)
class _Parser:
    """One process as its parent sees it. pending: its unanswered chunks; slot: for the next chunk."""

    process: subprocess.Popen[bytes]
    memory: mmap.mmap
    asks: IO[bytes]
    answers: IO[bytes]
    slot: int = 0
    pending: int = 0


@dataclass(slots=True)
class _Chunk[T]:
    """Messages that are sent together: the caller's items, their bytes, and their requests."""

    things: list[T] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    asks: list[Any] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, item: T, content: bytes, ask: Any, packed: bytes) -> None:
        self.things.append(item)
        self.contents.append(content)
        self.asks.append(ask)
        self.packed.append(packed)
        self.size += len(content) + len(packed)


type _InFlight[T] = deque[tuple[_Parser, _Chunk[T]]]
"""What was sent, oldest first."""


class _SideWork[T]:
    """Messages that threads have completed or read apart, in their order."""

    def __init__(self, threads: ThreadPoolExecutor, apart: Work, complete: Complete) -> None:
        self._threads = threads
        self._apart = apart
        self._complete = complete
        self._waiting: deque[tuple[T, bytes, Future[Any]]] = deque()

    def add(self, item: T, content: bytes, ask: Any, reply: Reply | None = None) -> None:
        """Complete a message with its reply, or parse it by the fallback without one."""
        if reply is None:
            done = self._threads.submit(self._apart, content, ask)
        else:
            done = self._threads.submit(self._complete, content, ask, reply)
        self._waiting.append((item, content, done))

    def done(self, max_waiting: int = MAX_WAITING) -> Iterator[tuple[T, bytes, Any]]:
        """Yield finished messages; wait while more than `max_waiting` are unfinished. Raises what the work raises."""
        while self._waiting and (len(self._waiting) > max_waiting or self._waiting[0][2].done()):
            item, content, answer = self._waiting.popleft()
            yield item, content, answer.result()


class ParserPool:
    """One parser process for each core. command: starts one, with the shared memory as last argument; fallback: parses a message in
    a thread if no process answers; complete: adds the text of its files; is_plausible: an implausible reply ends its process."""

    def __init__(
        self,
        command: Sequence[str],
        fallback: Work,
        processes: int | None = None,
        *,
        complete: Complete = lambda _content, _ask, reply: reply.answer,
        is_plausible: IsPlausible = lambda _ask, _answer: True,
    ) -> None:
        self._apart = fallback
        self._complete = complete
        self._sane = is_plausible
        cores = min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
        self._all = [_started(command) for _ in range(cores if processes is None else processes)]
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="apart")

    def map[T](self, items: Iterable[tuple[T, bytes, Any]]) -> Iterator[tuple[T, bytes, Any]]:
        """(item, content, request) in, (item, content, result) out, in almost the same order.
        Messages that share a process with a slow one come later than some that follow them."""
        running = list(self._all)
        in_flight: _InFlight[T] = deque()
        completing: _SideWork[T] = _SideWork(self._threads, self._apart, self._complete)
        chunk: _Chunk[T] = _Chunk()
        for item, content, ask in items:
            packed = marshal.dumps(ask)
            size = len(content) + len(packed)
            yield from completing.done()
            if not running or size > SLOT_BYTES:
                completing.add(item, content, ask)
                continue
            if chunk.size + size > CHUNK_BYTES or len(chunk.things) == CHUNK_MESSAGES:
                yield from self._sent(chunk, in_flight, running, completing)
                chunk = _Chunk()
            chunk.add(item, content, ask, packed)
        yield from self._sent(chunk, in_flight, running, completing)
        while in_flight:
            yield from self._answered(in_flight, running, completing)
        yield from completing.done(0)

    def _sent[T](
        self, chunk: _Chunk[T], in_flight: _InFlight[T], running: list[_Parser], completing: _SideWork[T]
    ) -> Iterator[tuple[T, bytes, Any]]:
        """Send a chunk to who has the least to do; before that, take in answers until there is a free slot."""
        while running and min(parser.pending for parser in running) >= SLOTS:
            yield from self._answered(in_flight, running, completing)
        if running:
            parser = min(running, key=lambda p: p.pending)
            in_flight.append((parser, chunk))
            _ask(parser, chunk.contents, chunk.packed)
        else:
            yield from _add_all(chunk, completing)

    def _answered[T](
        self, in_flight: _InFlight[T], running: list[_Parser], completing: _SideWork[T]
    ) -> Iterator[tuple[T, bytes, Any]]:
        """Read the oldest available results: one message may take long, and the other processes continue meanwhile."""
        pipes = [parser.answers for parser, _ in in_flight]
        ready = select.select(pipes, [], [], STALL_SECONDS)[0]
        if not ready:  # none of them computes for so long: they wait for something that does not come
            self.stop()
            ready = select.select(pipes, [], [])[0]
        at = next(at for at, (parser, _) in enumerate(in_flight) if parser.answers in ready)
        parser, chunk = in_flight[at]
        del in_flight[at]
        answers = _answers(parser, len(chunk.things))
        pairs = zip(chunk.asks, answers or (), strict=False)
        if answers is None or not all(self._sane(ask, reply.answer) for ask, reply in pairs):
            parser.process.kill()
            if parser in running:
                running.remove(parser)
            yield from _add_all(chunk, completing)
            return
        for item, content, ask, reply in zip(chunk.things, chunk.contents, chunk.asks, answers, strict=True):
            if not reply.files:
                yield item, content, reply.answer
            else:
                completing.add(item, content, ask, reply)
                yield from completing.done()

    def stop(self) -> None:
        """Tell the processes to end, and do not wait for it: while their memory is taken apart there is other work."""
        for parser in self._all:
            parser.process.kill()

    def close(self) -> None:
        """End the processes and the threads."""
        self.stop()
        self._threads.shutdown(cancel_futures=True)
        for parser in self._all:
            parser.process.wait()
            parser.asks.close()
            parser.answers.close()
            parser.memory.close()
        self._all.clear()


def _add_all[T](chunk: _Chunk[T], aside: _SideWork[T]) -> Iterator[tuple[T, bytes, Any]]:
    for item, content, ask in zip(chunk.things, chunk.contents, chunk.asks, strict=True):
        aside.add(item, content, ask)
        yield from aside.done()


def _ask(parser: _Parser, contents: list[bytes], packed: list[bytes]) -> None:
    """Put messages with their requests into the next free slot of a process, and send it their lengths.
    Only lengths go through the pipe, so that it never fills while both sides write."""
    assert parser.pending < SLOTS
    parser.pending += 1
    base = at = parser.slot * SLOT_BYTES
    parser.slot = (parser.slot + 1) % SLOTS
    lengths = []
    for content, ask in zip(contents, packed, strict=True):
        parser.memory[at : at + len(content)] = content
        at += len(content)
        parser.memory[at : at + len(ask)] = ask
        at += len(ask)
        lengths.append((len(content), len(ask)))
    try:
        parser.asks.write(marshal.dumps((base, lengths)))
    except BrokenPipeError:
        return  # it is dead: reading its results will report that


def _answers(parser: _Parser, number: int) -> list[Reply] | None:
    """The replies to the oldest chunk; None if the process died or sent something else."""
    parser.pending -= 1
    head = _read(parser.answers, _REPLY_HEAD.size)
    if len(head) < _REPLY_HEAD.size:
        return None
    length, at = _REPLY_HEAD.unpack(head)
    if length > MAX_REPLY_BYTES:
        return None
    with contextlib.suppress(ValueError, TypeError, OverflowError, RecursionError):
        if at == _PIPED:
            return _unpacked(_read(parser.answers, length), number)
        with memoryview(parser.memory) as memory, memory[at : at + length] as packed:
            return _unpacked(packed, number)
    return None


def _packed(done: list[Reply]) -> bytes:
    """Answers as JSON, with its length before it (8 bytes); the text and the files of each behind it, as they are."""
    texts = [reply.answer[-1].encode() for reply in done]
    line = orjson.dumps(
        [[*reply.answer[:-1], len(text), list(map(len, reply.files))] for reply, text in zip(done, texts, strict=True)]
    )
    behind = [piece for reply, text in zip(done, texts, strict=True) for piece in (text, *reply.files)]
    return b"".join((len(line).to_bytes(8), line, *behind))


def _unpacked(packed: bytes | memoryview, number: int) -> list[Reply]:
    """Raises ValueError, TypeError."""
    at = 8 + int.from_bytes(packed[:8])
    replies: list[Reply] = []
    for *values, size, sizes in orjson.loads(packed[8:at]):
        text, at = _cut(packed, at, size)
        files = []
        for length in sizes:
            file, at = _cut(packed, at, length)
            files.append(bytes(file))
        replies.append(Reply((*values, str(text, "utf-8")), tuple(files)))
    if len(replies) != number:
        raise ValueError("not the answers that were asked")
    return replies


def _cut(packed: bytes | memoryview, at: int, size: int) -> tuple[bytes | memoryview, int]:
    """The given number of bytes from an offset, and their end."""
    piece = packed[at : at + size]
    if size < 0 or len(piece) != size:
        raise ValueError("not as long as was said")
    return piece, at + size


def _read(pipe: IO[bytes], length: int) -> bytes:
    """Read exactly this many bytes, fewer at the end of the pipe, so that select() sees what is left."""
    pieces: list[bytes] = []
    while length and (piece := pipe.read(length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _started(command: Sequence[str]) -> _Parser:
    shared = os.memfd_create("messages", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(shared, SLOT_BYTES * SLOTS)
        fcntl.fcntl(shared, fcntl.F_ADD_SEALS, _SEALS)
        memory = mmap.mmap(shared, SLOT_BYTES * SLOTS)
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, str(shared)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(shared,),
            bufsize=0,  # select() sees what waits
            env=ENVIRONMENT,
            cwd="/",
        )
    finally:
        os.close(shared)
    assert process.stdin is not None
    assert process.stdout is not None
    return _Parser(process, memory, process.stdin, process.stdout)


def serve(work: BatchWork, shared: int) -> None:
    """The life of a parser process. shared: the memory with its messages, as a file."""
    asks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not look like an answer
    memory = mmap.mmap(shared, 0)
    os.close(shared)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # a parse makes no cycles that live on, and the process ends with the import
    confine.confine(MEMORY_BYTES)
    while True:
        try:
            base, lengths = marshal.load(asks)  # noqa: S302 - from our own parent
        except EOFError:
            return
        confine.cpu_seconds(CPU_SECONDS)
        at, messages = base, []
        for length, packed in lengths:
            content = memory[at : at + length]
            at += length
            messages.append((content, marshal.loads(memory[at : at + packed])))  # noqa: S302 - from our own parent
            at += packed
        done = work(messages)
        if at > base + CHUNK_BYTES:
            memory.madvise(mmap.MADV_REMOVE, base + CHUNK_BYTES, len(memory) // SLOTS - CHUNK_BYTES)
        _reply(_packed(done), base, memory, answers)


def _reply(packed: bytes, base: int, memory: mmap.mmap, answers: IO[bytes]) -> None:
    """Put answers where the messages were, or into the pipe where they are larger than that place."""
    if len(packed) <= CHUNK_BYTES:
        memory[base : base + len(packed)] = packed
        answers.write(_REPLY_HEAD.pack(len(packed), base))
    else:
        answers.write(_REPLY_HEAD.pack(len(packed), _PIPED))
        answers.write(packed)
    answers.flush()
