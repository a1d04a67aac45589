"""End of data and line endings of an incoming message (RFC 5321 4.1.1.4, 4.5.2; CVE-2023-51764).

Only CRLF.CRLF ends a message, whatever the mode. The bytes are taken in pieces that never part a CRLF or the end mark, so
that every rule is one search over a whole piece and the result does not depend on how the network cut the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Newlines = Literal["reject", "normalise"]

_END = b"\r\n.\r\n"
_DOT = b"\r\n."  # a stuffed dot, or the beginning of the end mark
_HELD = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")  # beginnings of the end mark, longest first
_LINE_LIMIT = 1000  # RFC 5321 4.5.3.1.6, with CRLF


@dataclass(slots=True)
class Lines:
    """Irregular lines of one message. long: lines of more than 998 bytes, which stay unchanged.

    longest: bytes of the longest of those. unended: 1 if chunks ended without CRLF, which was added.
    """

    bare_cr: int = 0
    bare_lf: int = 0
    nul: int = 0
    long: int = 0
    longest: int = 0
    unended: int = 0

    @property
    def broken(self) -> bool:
        return self.mended > 0

    @property
    def mended(self) -> int:
        """The number of repaired places, on a listener that normalizes."""
        return self.bare_cr + self.bare_lf + self.nul + self.unended


class LineRule:
    """Correct or reject irregular line ends in the pieces of one message; pieces must not split a CRLF.

    reject: the first bare CR, bare LF or NUL makes `refused` true. normalise: a bare LF becomes CRLF, a bare CR or a NUL a space
    (as Postfix does since CVE-2023-51764), so that no later reader takes it for a line of its own.
    """

    __slots__ = ("_column", "_newlines", "lines", "refused")

    def __init__(self, newlines: Newlines) -> None:
        self._newlines = newlines
        self._column = 0
        self.lines = Lines()
        self.refused = False

    @property
    def at_line_start(self) -> bool:
        """Whether the bytes so far are empty or end with a line end."""
        return self._column == 0

    def apply(self, piece: bytes) -> bytes:
        rest = piece.replace(b"\r\n", b"")
        if b"\n" in rest or b"\r" in rest or b"\0" in rest:
            counts = self.lines
            counts.bare_lf += rest.count(b"\n")
            counts.bare_cr += rest.count(b"\r")
            counts.nul += rest.count(b"\0")
            if self._newlines == "reject":
                self.refused = True
                return b""
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b" ").replace(b"\0", b" ").replace(b"\n", b"\r\n")
        return piece

    def measure(self, piece: bytes) -> None:
        """Count long lines by leaps of a thousand bytes instead of line by line."""
        start, size = -self._column, len(piece)
        while (limit := start + _LINE_LIMIT) < size:
            end = piece.rfind(b"\n", max(start, 0), max(limit, 0))
            if end < 0:
                end = piece.find(b"\n", max(limit, 0))
                if end < 0:
                    break
                self.lines.long += 1
                self.lines.longest = max(self.lines.longest, end + 1 - start)
            start = end + 1
        end = piece.rfind(b"\n", max(start, 0))
        self._column = size - (end + 1 if end >= 0 else start)


class DataReceiver:
    """The content after DATA. `feed` gives content; `ended` turns true at CRLF.CRLF and `rest` holds what came behind it."""

    __slots__ = ("_held", "_rule", "_skip", "ended", "rest", "size")

    def __init__(self, newlines: Newlines) -> None:
        self._rule = LineRule(newlines)
        self._held = b"\r\n"  # the CRLF of the DATA command: a first line of one dot ends an empty message
        self._skip = 2
        self.ended = False
        self.rest = b""
        self.size = 0

    @property
    def lines(self) -> Lines:
        return self._rule.lines

    @property
    def refused(self) -> bool:
        return self._rule.refused

    def feed(self, data: bytes) -> bytes:
        """The next content, dots unstuffed and line rule applied; empty when nothing is sure yet or all is refused."""
        held = self._held + data
        dot = held.find(_DOT)
        end = held.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self.ended, self.rest, self._held = True, held[end + len(_END) :], b""
            piece = held[: end + 2]
        else:
            keep = next((len(mark) for mark in _HELD if held.endswith(mark)), 0)
            cut = len(held) - keep
            piece, self._held = held[:cut], held[cut:]
        if not piece or self._rule.refused:
            return b""
        return self._content(piece, stuffed=0 <= dot < len(piece))

    def _content(self, piece: bytes, *, stuffed: bool) -> bytes:
        if stuffed:
            piece = piece.replace(_DOT, b"\r\n")
        piece = self._rule.apply(piece)
        if self._skip:
            piece, self._skip = piece[self._skip :], 0
        self._rule.measure(piece)
        self.size += len(piece)
        return piece


class ChunkReceiver:
    """The content of one message in BDAT chunks, line rule `normalise`: `open` a chunk, `feed` what there is of it."""

    __slots__ = ("_between", "_held", "_rule", "last", "left", "size")

    def __init__(self) -> None:
        self._rule = LineRule("normalise")
        self._held = b""
        self._between = True
        self.last = False
        self.left = 0
        self.size = 0

    @property
    def lines(self) -> Lines:
        return self._rule.lines

    @property
    def between(self) -> bool:
        """Whether no chunk is open, so that commands may follow."""
        return self._between

    def open(self, size: int, *, last: bool) -> None:
        self.left, self.last, self._between = size, last, False

    def feed(self, data: bytes) -> bytes:
        """The next content. A CR at the end of what there is waits for its LF, also into the next chunk."""
        self.left -= len(data)
        ends = self.last and not self.left
        piece, self._held = self._held + data, b""
        if piece.endswith(b"\r"):
            if ends:
                self.lines.unended = 1
                piece += b"\n"
            else:
                piece, self._held = piece[:-1], b"\r"
        piece = self._rule.apply(piece)
        self._rule.measure(piece)
        if ends and not self._rule.at_line_start:
            self.lines.unended = 1
            piece += b"\r\n"
            self._rule.measure(b"\r\n")
        self.size += len(piece)
        self._between = not self.left
        return piece
