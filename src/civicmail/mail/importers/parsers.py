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

SLOT = 2 << 20  # bytes of messages that go to a process at a time
SLOTS = 2  # so that it has the next ones when it has done with these
TOGETHER = 64  # messages that go at a time
PROCESSES_MOST = 4
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class _Parser:
    """One child as its parent sees it. waiting: what was sent and not yet answered."""

    pid: int
    memory: mmap.mmap
    asks: BinaryIO
    answers: BinaryIO
    slot: int = 0


@dataclass(slots=True)
class _Chunk[T]:
    """Messages that go together: things of the caller, their bytes, what is asked about each."""

    things: list[T] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    asks: list[Any] = field(default_factory=list)
    size: int = 0

    def add(self, thing: T, content: bytes, ask: Any) -> None:
        self.things.append(thing)
        self.contents.append(content)
        self.asks.append(ask)
        self.size += len(content)


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
        """(thing, content, ask) in, (thing, content, answer) out, nearly in the same order."""
        turns = deque(self._free)
        flying: deque[tuple[_Parser, _Chunk[T]]] = deque()
        chunk: _Chunk[T] = _Chunk()
        for thing, content, ask in items:
            if not turns or len(content) > SLOT:
                yield thing, content, self._work(content, ask)
                continue
            if chunk.size + len(content) > SLOT or len(chunk.things) == TOGETHER:
                while turns and len(flying) >= SLOTS * len(turns):
                    yield from self._answered(flying, turns)
                self._send(chunk, flying, turns)
                chunk = _Chunk()
            chunk.add(thing, content, ask)
        while turns and len(flying) >= SLOTS * len(turns):
            yield from self._answered(flying, turns)
        if chunk.things:
            self._send(chunk, flying, turns)
        while flying:
            yield from self._answered(flying, turns)

    def _send[T](self, chunk: _Chunk[T], flying: deque[tuple[_Parser, _Chunk[T]]], turns: deque[_Parser]) -> None:
        if not turns:  # the last process has died: answered() finds that nobody reads
            flying.append((self._all[0], chunk))
            return
        parser = turns[0]
        turns.rotate(-1)
        base = at = parser.slot * SLOT
        parser.slot = (parser.slot + 1) % SLOTS
        asks = []
        for content, ask in zip(chunk.contents, chunk.asks, strict=True):
            parser.memory[at : at + len(content)] = content
            asks.append((len(content), ask))
            at += len(content)
        flying.append((parser, chunk))
        try:
            marshal.dump((base, asks), parser.asks)
            parser.asks.flush()
        except BrokenPipeError:
            return  # the reading of its answers will say so

    def _answered[T](self, flying: deque[tuple[_Parser, _Chunk[T]]], turns: deque[_Parser]) -> Iterator[tuple[T, bytes, Any]]:
        parser, chunk = flying.popleft()
        try:
            answers = marshal.load(parser.answers)  # noqa: S302 - from our own fork
        except (EOFError, ValueError, TypeError):
            if parser in turns:
                turns.remove(parser)
            answers = [self._crashed(content, ask) for content, ask in zip(chunk.contents, chunk.asks, strict=True)]
        yield from zip(chunk.things, chunk.contents, answers, strict=True)

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
            at, wanted = marshal.load(asks)  # noqa: S302 - from our own parent
        except EOFError:
            return
        done = []
        for length, ask in wanted:
            done.append(work(memory[at : at + length], ask))
            at += length
        marshal.dump(done, answers)
        answers.flush()
