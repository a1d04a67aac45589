"""What goes between a limited process and its parent: kind (1 byte), length (8 bytes, big-endian), content.

The child may have been taken over by what it reads, so the parent believes nothing: texts are decoded with replacement, JSON has
one shape, and a length beyond what is asked for ends the child.
"""

from __future__ import annotations

import os
import select
import struct
import time
from typing import Literal

ASK, CONTENT = b"A", b"C"
TEXT, PICTURE, UNREADABLE, END = b"T", b"P", b"U", b"E"
HEAD = struct.Struct(">cQ")
PIECE = 1 << 20

Direction = Literal["read", "write"]


class Late(Exception):
    """The other side took longer than it may."""


class Gone(Exception):
    """The other side has ended, or says what nobody asked."""


class Line:
    """Two pipes of a parent, both non-blocking, with a deadline for every exchange (seconds of time.monotonic)."""

    def __init__(self, out: int, in_: int) -> None:
        self._out, self._in = out, in_
        os.set_blocking(out, False)
        os.set_blocking(in_, False)

    def send(self, kind: bytes, content: bytes, deadline: float) -> None:
        for data in (HEAD.pack(kind, len(content)), content):
            view = memoryview(data)
            while view:
                self._wait(self._out, select.POLLOUT, deadline)
                try:
                    view = view[os.write(self._out, view[:PIECE]) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise Gone from None

    def receive(self, most: int, deadline: float) -> tuple[bytes, bytes]:
        """The next frame, of at most so many bytes."""
        kind, length = HEAD.unpack(self._exactly(HEAD.size, deadline))
        if length > most:
            raise Gone
        return kind, self._exactly(length, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        held = bytearray()
        while len(held) < size:
            self._wait(self._in, select.POLLIN, deadline)
            try:
                piece = os.read(self._in, min(size - len(held), PIECE))
            except BlockingIOError:
                continue
            if not piece:
                raise Gone
            held += piece
        return bytes(held)

    @staticmethod
    def _wait(fd: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(fd, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise Late
