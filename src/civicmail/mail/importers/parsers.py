"""Parsing in other processes, so that all cores work on an import and a crash of native code costs one small batch of parses.

Each parser process is a fork that knows the work already. Messages go to it through memory that both see, and answers come back in
their place; only lengths go through pipes, so that nobody waits for the other to read. Fork before leases are taken and threads are
started: a child that holds a copy of either would keep it.
"""

from __future__ import annotations

import ctypes
import gc
import marshal
import mmap
import os
import select
import signal
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

Work = Callable[[bytes, Any], Any]
"""Bytes of a message and what is asked about it -> the answer; both of plain types that marshal knows."""

SLOT = 1 << 20  # bytes of messages, and of what is asked about them, that go to a process at a time
ROOM = 64 << 20  # bytes of address space for a slot: for one larger message alone
SLOTS = 2  # so that it has work while the parent waits for the disk or feeds the index
TOGETHER = 64  # messages that go at a time
PROCESSES_MOST = 4
_PR_SET_PDEATHSIG = 1
_SAID = struct.Struct("<QQ")  # length of the answers; where in the memory they lie, _PIPED when they follow in the pipe
_PIPED = 1 << 63


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

        What a process has together with a message that takes long comes later than what another one was given afterwards.
        Messages that a process had when it died are tried again at the end, one by one; the one that kills again is `crashed`.
        """
        turns = list(self._free)
        flying: _Flying[T] = deque()
        again: list[tuple[T, bytes, Any]] = []
        chunk: _Chunk[T] = _Chunk()
        for thing, content, ask in items:
            packed = marshal.dumps(ask)
            size = len(content) + len(packed)
            if not turns or size > ROOM:
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
        """Take in the oldest answers that are there: one message may take long, and the other processes go on meanwhile."""
        ready, _, _ = select.select([parser.answers for parser, _ in flying], [], [])
        at = next(at for at, (parser, _) in enumerate(flying) if parser.answers in ready)
        parser, chunk = flying[at]
        del flying[at]
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

    def stop(self) -> None:
        """Tell the processes to end, and do not wait for it: while their memory is taken apart there is other work."""
        for parser in self._all:
            os.kill(parser.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the processes."""
        self.stop()
        for parser in self._all:
            for pipe in (parser.asks, parser.answers):
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
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
    base = at = parser.slot * ROOM
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
    said = _read(parser.answers, _SAID.size)
    if len(said) < _SAID.size:
        return None
    length, at = _SAID.unpack(said)
    if at == _PIPED:
        piped = _read(parser.answers, length)
        return marshal.loads(piped) if len(piped) == length else None  # noqa: S302 - from our own fork
    with memoryview(parser.memory) as memory, memory[at : at + length] as packed:
        answers: list[Any] = marshal.loads(packed)  # noqa: S302 - as above
    return answers


def _read(pipe: BinaryIO, length: int) -> bytes:
    """This many bytes, fewer when the other end has gone; no byte more, so that select() sees what waits."""
    pieces: list[bytes] = []
    while length and (piece := pipe.read(length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _fork(work: Work, others: list[_Parser]) -> _Parser:
    memory = mmap.mmap(-1, ROOM * SLOTS)
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
    return _Parser(pid, memory, os.fdopen(ask_in, "wb"), os.fdopen(answer_out, "rb", buffering=0))


def _serve(work: Work, memory: mmap.mmap, asks: BinaryIO, answers: BinaryIO) -> None:
    """The life of a parser process."""
    gc.disable()  # a parse makes no cycles that live on, and the process ends with the import
    while True:
        try:
            base, lengths = marshal.load(asks)  # noqa: S302 - from our own parent
        except EOFError:
            return
        at, done = base, []
        for length, packed in lengths:
            content = memory[at : at + length]
            at += length
            ask = marshal.loads(memory[at : at + packed])  # noqa: S302
            at += packed
            done.append(work(content, ask))
        if at > base + SLOT:
            memory.madvise(mmap.MADV_REMOVE, base + SLOT, ROOM - SLOT)
        _say(marshal.dumps(done), base, memory, answers)


def _say(packed: bytes, base: int, memory: mmap.mmap, answers: BinaryIO) -> None:
    """Put answers where the messages were, or into the pipe where they are larger than that place."""
    if len(packed) <= SLOT:
        memory[base : base + len(packed)] = packed
        answers.write(_SAID.pack(len(packed), base))
    else:
        answers.write(_SAID.pack(len(packed), _PIPED))
        answers.write(packed)
    answers.flush()
