"""Line buffer and replies of a connection, the base of every session (RFC 5321 2.3.8, 4.5.3.1; RFC 2920 3.1)."""

from __future__ import annotations

from civicmail.core.wire.events import Close, Event
from civicmail.core.wire.replies import encode_reply

LINE_LIMIT = 2048  # RFC 5321 4.5.3.1.4 has 512 and lets parameters add to it

_CRLF_REQUIRED = "500 5.5.2 Lines must end with CRLF"
_SYNCHRONISATION = "554 5.5.0 SMTP protocol synchronization"


class Connection:
    """The buffer, the replies and the events of one connection, and the ways in which it ends.

    closed: a fixed word for why the session ended, "" while it lives. max_errors: mistakes before a 421; max_idle:
    commands without a message before a 421.
    """

    def __init__(self, max_errors: int, max_idle: int) -> None:
        self.closed = ""
        self._max_errors = max_errors
        self._max_idle = max_idle
        self._errors = 0
        self._idle = 0
        self._line_limit = LINE_LIMIT
        self._buffer = b""
        self._at = 0
        self._skipping = False
        self._out: list[bytes] = []
        self._events: list[Event] = []

    def take_output(self) -> bytes:
        """The replies that are not written yet."""
        if not self._out:
            return b""
        out = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return out

    def end(self, reply: str, reason: str) -> list[Event]:
        """Say a last reply (a 421 for a timeout or a shutdown) and close, whatever the peer is doing."""
        if not self.closed:
            self._part(reply, reason)
        return self._drain()

    # -- bytes

    def _append(self, data: bytes) -> None:
        rest = self._buffer[self._at :]
        self._buffer, self._at = (rest + data if rest else data), 0

    def _take_all(self) -> bytes:
        data = self._buffer[self._at :] if self._at else self._buffer
        self._buffer, self._at = b"", 0
        return data

    def _take(self, most: int) -> bytes:
        """At most so many bytes of what there is."""
        data = self._buffer[self._at : self._at + most]
        self._at += len(data)
        return data

    def _next_line(self) -> bytes | None:
        """The next line with its CRLF; b"" for a rejected or skipped one; None when more bytes are needed.

        A line with a bare LF is rejected up to its CRLF: text after the LF must never become a command.
        """
        buffer, start = self._buffer, self._at
        end = buffer.find(b"\r\n", start, len(buffer) if self._skipping else start + self._line_limit)
        if end >= 0:
            self._at = end + 2
            line = buffer[start : end + 2]
            if self._skipping:
                self._skipping = False
                return b""
            if line.count(b"\n") == 1:
                return line
            self._mistake(_CRLF_REQUIRED, "bare LF")
            return b""
        if self._skipping:
            self._at = len(buffer) - buffer.endswith(b"\r")
            return None
        if buffer.find(b"\n", start, start + self._line_limit) >= 0:
            self._skipping = True
            self._mistake(_CRLF_REQUIRED, "bare LF")
            return b""
        if len(buffer) - start >= self._line_limit:
            self._skipping = True
            self._mistake("500 5.5.6 Line too long", "long line")
            return b""
        return None

    def _in_step(self) -> bool:
        """Check that no command follows EHLO, DATA, STARTTLS or XCLIENT before their answer (RFC 2920 3.1)."""
        if self._at >= len(self._buffer):
            return True
        self._part(_SYNCHRONISATION, "synchronisation")
        return False

    # -- replies

    def _say(self, reply: str) -> None:
        self._out.append(encode_reply(reply))

    def _mistake(self, reply: str, kind: str) -> None:
        self._errors += 1
        self._say(reply)
        if self._errors >= self._max_errors:
            self._part("421 4.7.0 Too many errors", f"errors: {kind}")

    def _pastime(self, reply: str) -> None:
        """Answer a command that brings no mail: allowed, but not for ever."""
        self._idle += 1
        self._say(reply)
        if self._idle > self._max_idle:
            self._part("421 4.7.0 Too many commands without a message", "idle commands")

    def _part(self, reply: str, reason: str) -> None:
        self._say(reply)
        self._close(reason)

    def _close(self, reason: str) -> None:
        self.closed, self._buffer, self._at = reason, b"", 0
        self._events.append(Close(reason))

    def _drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events
