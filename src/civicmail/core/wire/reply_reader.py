"""Parse the replies of a server (RFC 5321 4.2, RFC 2034). Memory is bounded, whatever the server sends.

Replies go into records and reports, so their text is made printable ASCII and cut here, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.wire.errors import ReplyError

_LINE = re.compile(rb"([2-5][0-9]{2})([ -]?)(.*)", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
_LINE_LIMIT = 4096  # RFC 5321 4.5.3.1.5 has 512; real servers write more
_LINES_LIMIT = 200
_TEXT_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: code, enhanced status code ("" without one), the text of each line without either."""

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_permanent(self) -> bool:
        return self.code >= 500

    @property
    def text(self) -> str:
        """The reply in one line, for a record."""
        status = f" {self.enhanced}" if self.enhanced else ""
        return f"{self.code}{status} {' / '.join(self.lines)}".rstrip()[:_TEXT_LIMIT]


class ReplyReader:
    """Cuts a stream of bytes into replies. A line may end in LF alone: many servers do, and it hides nothing here."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[bytes] = []

    @property
    def is_empty(self) -> bool:
        """Whether no part of an incomplete reply was received."""
        return not self._buffer and not self._lines

    def clear(self) -> None:
        """Forget received but unread bytes (RFC 3207 4.2: nothing from before TLS is trusted)."""
        self._buffer, self._lines = b"", []

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Reply | None:
        """The next whole reply, or None when more bytes are needed; ReplyError when this is no SMTP."""
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[:end].removesuffix(b"\r"), self._buffer[end + 1 :]
            if (reply := self._line(line)) is not None:
                return reply
        if len(self._buffer) > _LINE_LIMIT:
            raise ReplyError("The server sent a line that does not end.")
        return None

    def _line(self, line: bytes) -> Reply | None:
        match = _LINE.fullmatch(line)
        if match is None or len(line) > _LINE_LIMIT:
            raise ReplyError("The server sent a line that is not a reply.")
        if self._lines and self._lines[0][:3] != match.group(1):
            raise ReplyError("The server sent a reply whose lines have different codes.")
        self._lines.append(line)
        if len(self._lines) > _LINES_LIMIT:
            raise ReplyError("The server sent a reply that does not end.")
        if match.group(2) == b"-":
            return None
        lines, self._lines = self._lines, []
        return _reply(lines)


def _reply(lines: list[bytes]) -> Reply:
    code = int(lines[0][:3])
    texts = [_plain(line[4:]) for line in lines]
    match = _ENHANCED.match(texts[0])
    status = match.group(1) if match is not None and match.group(1)[0] == str(code)[0] else ""
    if status:
        texts = [t.removeprefix(status).lstrip() for t in texts]
    return Reply(code, status, tuple(texts))


def _plain(text: bytes) -> str:
    return "".join(chr(c) if 0x20 <= c < 0x7F else "?" for c in text[:_TEXT_LIMIT])
