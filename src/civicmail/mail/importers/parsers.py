"""Parsing in other processes, so that all cores work on an import and a crash of native code costs one small batch of parses.

Each parser process is a fork that knows the work already and gives up what the work does not need. Messages go to it through memory
that both see, and answers come back in their place; only lengths go through pipes, so that nobody waits for the other to read. Fork
before leases are taken and threads are started: a child that holds a copy of either would keep it.
"""

from __future__ import annotations

import contextlib
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

import orjson

from civicmail.core.sandbox import confine

Work = Callable[[bytes, Any], Any]
"""Bytes of a message and what is asked about it, of types that marshal knows -> the answer: a tuple of values that JSON knows, of
which the last is a text."""
Sane = Callable[[Any, Any], bool]
"""What was asked, an answer -> whether anybody honest can have said it. A process may have been taken over by what it reads."""

SLOT = 1 << 20  # bytes of messages, and of what is asked about them, that go to a process at a time
ROOM = 64 << 20  # bytes of address space for a slot: for one larger message alone
SLOTS = 2  # so that it has work while the parent waits for the disk or feeds the index
TOGETHER = 64  # messages that go at a time
PROCESSES_MOST = 4
SECONDS = 60
"""Of the processor for what goes at a time: fifty of a megabyte of HTML take ten."""
STALL = 900.0
"""Seconds in which some process says something: reading the files of sixty messages may take long."""
SAID_MOST = 1 << 30
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
    """As many processes as there are cores. apart: the same work for a message that is too large for them, or that one may have
    died of; it is done here, and has the message read in a limited process. shut: each process gives up by it what it need not
    have; sane: what is not is no answer, and ends its process."""

    def __init__(
        self,
        work: Work,
        apart: Work,
        processes: int | None = None,
        *,
        shut: Callable[[], object] = tuple,
        sane: Sane = lambda _ask, _answer: True,
    ) -> None:
        self._apart = apart
        self._sane = sane
        wanted = min(len(os.sched_getaffinity(0)), PROCESSES_MOST) if processes is None else processes
        self._free: list[_Parser] = []
        gc.freeze()  # what is here now stays shared with the children
        for _ in range(wanted):
            self._free.append(_fork(work, shut))
        self._all = list(self._free)

    def map[T](self, items: Iterable[tuple[T, bytes, Any]]) -> Iterator[tuple[T, bytes, Any]]:
        """(thing, content, ask) in, (thing, content, answer) out, nearly in the same order.

        What a process has together with a message that takes long comes later than what another one was given afterwards.
        What a process had when it died comes at the end, each message apart.
        """
        turns = list(self._free)
        flying: _Flying[T] = deque()
        again: list[tuple[T, bytes, Any]] = []
        chunk: _Chunk[T] = _Chunk()
        for thing, content, ask in items:
            packed = marshal.dumps(ask)
            size = len(content) + len(packed)
            if not turns or size > ROOM:
                yield thing, content, self._apart(content, ask)
                continue
            if chunk.size + size > SLOT or len(chunk.things) == TOGETHER:
                yield from self._sent(chunk, flying, turns, again)
                chunk = _Chunk()
            chunk.add(thing, content, ask, packed)
        yield from self._sent(chunk, flying, turns, again)
        while flying:
            yield from self._answered(flying, turns, again)
        for thing, content, ask in again:
            yield thing, content, self._apart(content, ask)

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
        asked = [parser.answers for parser, _ in flying]
        ready = select.select(asked, [], [], STALL)[0]
        if not ready:  # none of them computes for so long: they wait for something that does not come
            self.stop()
            ready = select.select(asked, [], [])[0]
        at = next(at for at, (parser, _) in enumerate(flying) if parser.answers in ready)
        parser, chunk = flying[at]
        del flying[at]
        answers = _answers(parser, len(chunk.things))
        if answers is None or not all(map(self._sane, chunk.asks, answers)):
            _end(parser)
            if parser in turns:
                turns.remove(parser)
            again += zip(chunk.things, chunk.contents, chunk.asks, strict=True)
        else:
            yield from zip(chunk.things, chunk.contents, answers, strict=True)

    def stop(self) -> None:
        """Tell the processes to end, and do not wait for it: while their memory is taken apart there is other work."""
        for parser in self._all:
            _end(parser)

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


def _end(parser: _Parser) -> None:
    os.kill(parser.pid, signal.SIGKILL)


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


def _answers(parser: _Parser, number: int) -> list[Any] | None:
    """So many answers to the oldest question, None when the process has died, or says what nobody asked."""
    parser.asked -= 1
    said = _read(parser.answers, _SAID.size)
    if len(said) < _SAID.size:
        return None
    length, at = _SAID.unpack(said)
    if length > SAID_MOST:
        return None
    with contextlib.suppress(ValueError, TypeError, OverflowError, RecursionError):
        if at == _PIPED:
            return _unpacked(_read(parser.answers, length), number)
        with memoryview(parser.memory) as memory, memory[at : at + length] as packed:
            return _unpacked(packed, number)
    return None


def _packed(done: list[Any]) -> bytes:
    """Answers as JSON, with its length before it (8 bytes); their texts behind it, as they are."""
    texts = [answer[-1].encode() for answer in done]
    head = orjson.dumps([[*answer[:-1], len(text)] for answer, text in zip(done, texts, strict=True)])
    return b"".join((len(head).to_bytes(8), head, *texts))


def _unpacked(packed: bytes | memoryview, number: int) -> list[Any]:
    """Raises ValueError, TypeError."""
    at = 8 + int.from_bytes(packed[:8])
    found = []
    for *values, size in orjson.loads(packed[8:at]):
        text = packed[at : at + size]
        if size < 0 or len(text) != size:
            raise ValueError("not the texts that were named")
        found.append((*values, str(text, "utf-8")))
        at += size
    if len(found) != number:
        raise ValueError("not the answers that were asked")
    return found


def _read(pipe: BinaryIO, length: int) -> bytes:
    """This many bytes, fewer when the other end has gone; no byte more, so that select() sees what waits."""
    pieces: list[bytes] = []
    while length and (piece := pipe.read(length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _fork(work: Work, shut: Callable[[], object]) -> _Parser:
    memory = mmap.mmap(-1, ROOM * SLOTS)
    ask_out, ask_in = os.pipe()
    answer_out, answer_in = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _close_all_but(ask_out, answer_in)
            shut()
            if os.getppid() == parent:
                _serve(work, memory, os.fdopen(ask_out, "rb"), os.fdopen(answer_in, "wb"))
        finally:
            os._exit(0)
    os.close(ask_out)
    os.close(answer_in)
    memory.madvise(mmap.MADV_DONTFORK)  # the next process has nothing to do with this one's messages
    return _Parser(pid, memory, os.fdopen(ask_in, "wb"), os.fdopen(answer_out, "rb", buffering=0))


def _close_all_but(*kept: int) -> None:
    """Of what the parent has open."""
    at = 3
    for fd in sorted(kept):
        os.closerange(at, fd)
        at = fd + 1
    os.closerange(at, os.sysconf("SC_OPEN_MAX"))


def _serve(work: Work, memory: mmap.mmap, asks: BinaryIO, answers: BinaryIO) -> None:
    """The life of a parser process."""
    gc.disable()  # a parse makes no cycles that live on, and the process ends with the import
    while True:
        try:
            base, lengths = marshal.load(asks)  # noqa: S302 - from our own parent
        except EOFError:
            return
        confine.cpu_seconds(SECONDS)
        at, done = base, []
        for length, packed in lengths:
            content = memory[at : at + length]
            at += length
            ask = marshal.loads(memory[at : at + packed])  # noqa: S302
            at += packed
            done.append(work(content, ask))
        if at > base + SLOT:
            memory.madvise(mmap.MADV_REMOVE, base + SLOT, ROOM - SLOT)
        _say(_packed(done), base, memory, answers)


def _say(packed: bytes, base: int, memory: mmap.mmap, answers: BinaryIO) -> None:
    """Put answers where the messages were, or into the pipe where they are larger than that place."""
    if len(packed) <= SLOT:
        memory[base : base + len(packed)] = packed
        answers.write(_SAID.pack(len(packed), base))
    else:
        answers.write(_SAID.pack(len(packed), _PIPED))
        answers.write(packed)
    answers.flush()
