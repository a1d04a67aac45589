"""Frames between a sandboxed process and its parent: kind (1 byte), length (8 bytes, big-endian), content.

The content may have compromised the child, so the parent does not trust it: a reply must have the type of its request (service.py),
and a length above the limit ends the child.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import select
import struct
import time

ASK, CONTENT = b"A", b"C"
ITEM, ANSWER, UNREADABLE = b"I", b"R", b"U"
HEAD = struct.Struct(">cQ")
PIECE = 1 << 20
SMALL = 1 << 15


def frame(kind: bytes, content: bytes) -> bytes:
    return HEAD.pack(kind, len(content)) + content


class ReadTimeout(Exception):
    """The other side took longer than it may."""


class ClosedPipe(Exception):
    """The other side has ended, or sent an unexpected frame."""


class Pipes:
    """Two pipes of a parent, both non-blocking, with a deadline for every exchange (seconds of time.monotonic). out, in_: their
    ends, for an event loop (async_pool.py)."""

    def __init__(self, out: int, in_: int) -> None:
        self.out, self.in_ = out, in_
        self.held = bytearray()
        for fd in (out, in_):
            os.set_blocking(fd, False)
            with contextlib.suppress(OSError):  # a machine may allow less
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIECE)

    def send(self, kind: bytes, content: bytes | mmap.mmap, deadline: float, *, before: bytes = b"") -> None:
        """Send one frame, in one write unless it is large, so that the other side wakes up once. before: a frame to send first."""
        head = before + HEAD.pack(kind, len(content))
        for data in (head + content[:],) if len(content) < SMALL else (head, content):
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(self.out, view[:PIECE]) :]
                except BlockingIOError:
                    self._wait(self.out, select.POLLOUT, deadline)
                except OSError:
                    raise ClosedPipe from None

    def receive(self, most: int, deadline: float) -> tuple[bytes, bytes]:
        """The next frame, of at most so many bytes."""
        kind, length = HEAD.unpack(self._exactly(HEAD.size, deadline))
        if length > most:
            raise ClosedPipe
        return kind, self._exactly(length, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self.held) < size:
            try:
                piece = os.read(self.in_, min(max(size - len(self.held), SMALL), PIECE))
            except BlockingIOError:
                self._wait(self.in_, select.POLLIN, deadline)
                continue
            if not piece:
                raise ClosedPipe
            self.held += piece
            if time.monotonic() > deadline:
                raise ReadTimeout
        exactly = bytes(self.held[:size])
        del self.held[:size]
        return exactly

    @staticmethod
    def _wait(fd: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(fd, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise ReadTimeout
