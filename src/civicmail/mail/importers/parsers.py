"""Parsing in other processes, so that all cores work on an import and a crash of native code costs one small batch of parses.

Each parser process is a fork that knows the work already. Messages go to it through memory that both see, answers come back through
a pipe. Fork before leases are taken and threads are started: a child that holds a copy of either would keep it.
"""

from __future__ import annotations

import ctypes
import gc
import marshal
import mmap
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

Work = Callable[[bytes, Any], Any]
"""Bytes of a message and what is asked about it -> the answer; both of plain types that marshal knows."""

SLOT = 1 << 20  # bytes of messages, and of what is asked about them, that go to a process at a time
SLOTS = 2  # so that it has work while the parent waits for the disk or feeds the index
TOGETHER = 64  # messages that go at a time
PROCESSES_MOST = 4
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class _Parser:
    """One child as its parent sees it. asked: chunks that it has; slot: where the next one goes."""

    pid: int
    memory: mmap.mmap
    asks: BinaryIO
    answers: BinaryIO
    slot: int = 0
    asked: int = 0


@dataclass(slots=True)
class _Chunk[T]:
    """Messages that go together: things of the caller, their bytes, what is asked about each."""

    things: list[T] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    asks: list[Any] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, thing: T, content: bytes, ask: Any, packed: bytes) -> None:
        self.things.append(thing)
        self.contents.append(content)
        self.asks.append(ask)
        self.packed.append(packed)
        self.size += len(content) + len(packed)


type _Flying[T] = deque[tuple[_Parser, _Chunk[T]]]
"""What was sent, oldest first."""


class Parsers:
    """As many processes as there are cores; on a single core the work is done here. crashed: the answer for a message whose
    process died."""

    def __init__(self, work: Work, crashed: Work, processes: int | None = None) -> None:
        self._work = work
        self._crashed = crashed
        cores = len(os.sched_getaffinity(0))
        wanted = min(cores, PROCESSES_MOST) if processes is None else processes
        self._free: list[_Parser] = []
        gc.freeze()  # what is here now stays shared with the children
        for _ in range(wanted if wanted > 1 or processes else 0):
            self._free.append(_fork(work, self._free))
        self._all = list(self._free)

    def map[T](self, items: Iterable[tuple[T, bytes, Any]]) -> Iterator[tuple[T, bytes, Any]]:
        """(thing, content, ask) in, (thing, content, answer) out, nearly in the same order.

        Messages that a process had when it died are tried again at the end, one by one; the one that kills again is `crashed`.
        """
        turns = list(self._free)
        flying: _Flying[T] = deque()
        again: list[tuple[T, bytes, Any]] = []
        chunk: _Chunk[T] = _Chunk()
        for thing, content, ask in items:
            packed = marshal.dumps(ask)
            size = len(content) + len(packed)
            if not turns or size > SLOT:
                yield thing, content, self._work(content, ask)
                continue
            if chunk.size + size > SLOT or len(chunk.things) == TOGETHER:
                yield from self._sent(chunk, flying, turns, again)
                chunk = _Chunk()
            chunk.add(thing, content, ask, packed)
        yield from self._sent(chunk, flying, turns, again)
        while flying:
            yield from self._answered(flying, turns, again)
        for thing, content, ask in again:
            yield thing, content, self._alone(content, ask, turns)

    def _sent[T](
        self, chunk: _Chunk[T], flying: _Flying[T], turns: list[_Parser], again: list[tuple[T, bytes, Any]]
    ) -> Iterator[tuple[T, bytes, Any]]:
        """Send a chunk to who has the least to do; before that, take in answers until there is a free slot."""
        while turns and min(parser.asked for parser in turns) >= SLOTS:
            yield from self._answered(flying, turns, again)
        if turns:
            parser = min(turns, key=lambda p: p.asked)
            flying.append((parser, chunk))
            _ask(parser, chunk.contents, chunk.packed)
        else:
            again += zip(chunk.things, chunk.contents, chunk.asks, strict=True)

    def _answered[T](
        self, flying: _Flying[T], turns: list[_Parser], again: list[tuple[T, bytes, Any]]
    ) -> Iterator[tuple[T, bytes, Any]]:
        parser, chunk = flying.popleft()
        answers = _answers(parser)
        if answers is None:
            if parser in turns:
                turns.remove(parser)
            again += zip(chunk.things, chunk.contents, chunk.asks, strict=True)
        else:
            yield from zip(chunk.things, chunk.contents, answers, strict=True)

    def _alone(self, content: bytes, ask: Any, turns: list[_Parser]) -> Any:
        """The answer for one message of which it is not known whether a process survives it."""
        if turns:
            _ask(turns[0], [content], [marshal.dumps(ask)])
            if (answers := _answers(turns[0])) is not None:
                return answers[0]
            turns.pop(0)
        return self._crashed(content, ask)

    def close(self) -> None:
        """End the processes."""
        for parser in self._all:
            for pipe in (parser.asks, parser.answers):
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
            os.kill(parser.pid, signal.SIGKILL)
            os.waitpid(parser.pid, 0)
            parser.memory.close()
        self._all.clear()
        gc.unfreeze()


def _ask(parser: _Parser, contents: list[bytes], packed: list[bytes]) -> None:
    """Put messages, each with what is asked about it, into the next slot of a process, which must be free; tell it their lengths.

    Only lengths go through the pipe, so that it never fills while the process waits for us to take its answers.
    """
    assert parser.asked < SLOTS
    parser.asked += 1
    base = at = parser.slot * SLOT
    parser.slot = (parser.slot + 1) % SLOTS
    lengths = []
    for content, ask in zip(contents, packed, strict=True):
        parser.memory[at : at + len(content)] = content
        at += len(content)
        parser.memory[at : at + len(ask)] = ask
        at += len(ask)
        lengths.append((len(content), len(ask)))
    try:
        marshal.dump((base, lengths), parser.asks)
        parser.asks.flush()
    except BrokenPipeError:
        return  # it is dead: reading its answers will say so


def _answers(parser: _Parser) -> list[Any] | None:
    """The answers to the oldest question, None when the process has died."""
    parser.asked -= 1
    try:
        answers: list[Any] = marshal.load(parser.answers)  # noqa: S302 - from our own fork
    except (EOFError, ValueError, TypeError):
        return None
    return answers


def _fork(work: Work, others: list[_Parser]) -> _Parser:
    memory = mmap.mmap(-1, SLOT * SLOTS)
    ask_out, ask_in = os.pipe()
    answer_out, answer_in = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for fd in (ask_in, answer_out, *(p.asks.fileno() for p in others), *(p.answers.fileno() for p in others)):
                os.close(fd)
            if os.getppid() == parent:
                _serve(work, memory, os.fdopen(ask_out, "rb"), os.fdopen(answer_in, "wb"))
        finally:
            os._exit(0)
    os.close(ask_out)
    os.close(answer_in)
    return _Parser(pid, memory, os.fdopen(ask_in, "wb"), os.fdopen(answer_out, "rb"))


def _serve(work: Work, memory: mmap.mmap, asks: BinaryIO, answers: BinaryIO) -> None:
    """The life of a parser process."""
    gc.disable()  # a parse makes no cycles that live on, and the process ends with the import
    while True:
        try:
            at, lengths = marshal.load(asks)  # noqa: S302 - from our own parent
        except EOFError:
            return
        done = []
        for length, packed in lengths:
            content = memory[at : at + length]
            at += length
            ask = marshal.loads(memory[at : at + packed])  # noqa: S302
            at += packed
            done.append(work(content, ask))
        marshal.dump(done, answers)
        answers.flush()
