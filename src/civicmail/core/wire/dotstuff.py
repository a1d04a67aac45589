"""Dot stuffing, line endings and end of data of an outgoing message (RFC 5321 2.3.8, 4.1.1.4, 4.5.2).

Only CRLF leaves: a bare LF becomes CRLF, a bare CR or NUL a space, so that no reader downstream can see another end of data than
ours (SMTP smuggling). Both classes take pieces of any size and give the same bytes however the pieces are cut.
"""

from __future__ import annotations


class Conformer:
    """Pieces of a message in, the same with conformant line ends out; the end of the message ends a line."""

    def __init__(self) -> None:
        self._held = b""  # a CR whose LF is still to come
        self._ends = True

    def feed(self, piece: bytes) -> bytes:
        data = self._held + piece if self._held else piece
        self._held = b""
        if data.endswith(b"\r"):
            data, self._held = data[:-1], b"\r"
        if data:
            data = conform(data)
            self._ends = data.endswith(b"\n")
        return data

    def end(self) -> bytes:
        """The missing bytes at the end: the space for a held CR and the last line end."""
        last = b" " if self._held else b""
        return last + (b"\r\n" if last or not self._ends else b"")


def conform(data: bytes) -> bytes:
    """The line rule for a piece that parts no CRLF."""
    lines = data.count(b"\n")
    if b"\0" not in data and data.count(b"\r\n") == lines == data.count(b"\r"):
        return data
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b" ").replace(b"\0", b" ")
    return data.replace(b"\n", b"\r\n")


class Stuffer:
    """Conformant pieces in, the same with dots doubled at line starts out, and the end mark behind them."""

    def __init__(self) -> None:
        self._tail = b"\r\n"  # what the last piece ended with; the DATA command ended a line

    def feed(self, piece: bytes) -> bytes:
        if not piece:
            return b""
        before = self._tail
        self._tail = (before + piece)[-2:]
        if piece.startswith(b".") and before == b"\r\n":
            piece = b"." + piece
        elif piece.startswith(b"\n.") and before.endswith(b"\r"):
            piece = b"\n." + piece[1:]
        return piece.replace(b"\r\n.", b"\r\n..") if b"\r\n." in piece else piece

    def end(self) -> bytes:
        """The end of data. The last piece must have ended a line."""
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"
