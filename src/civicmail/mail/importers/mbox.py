"""An mbox file as messages: where each begins and ends, and which of the three kinds of quoting was used. Pure.

An mbox is messages one after the other, each behind a line that begins with "From " and ended by an empty line (RFC 4155, and the
manual page mbox(5) of qmail for the kinds):

mboxcl2   nothing is quoted; Content-Length says where a message ends. Used when it is right for every message of the file.
mboxrd    every line of the form >*From_ got one more ">". Used when the writer declares it (mboxrd@z) or when there are lines with
          two or more ">" and no bare From_ line inside a message, which an mboxrd writer would have quoted.
mboxo     only From_ lines got a ">". Everything else; where no line has two ">" both read the same.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Buffer = bytes | mmap.mmap
Kind = Literal["mboxo", "mboxrd", "mboxcl2"]

_MONTHS = {m: i for i, m in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_DATE = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+(\d{1,2})\s+"
    rb"(\d{1,2}):(\d\d)(?::(\d\d))?\s+(?:[A-Z]{1,5}\s+)?([+-]\d{4}\s+)?(\d{4})(?:\s+([+-]\d{4}))?"
)
_HEADER = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:|>From ")
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$")
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_QUOTED_RD = re.compile(rb"(?m)^>(>*From )")
_QUOTED_O = re.compile(rb"(?m)^>(From )")
_MAX_LINE = 1000  # of a From_ line; longer ones are text


@dataclass(frozen=True, slots=True)
class Place:
    """One message: its From_ line begins at `line`, its bytes are [start:end]."""

    line: int
    start: int
    end: int


def kind_of(buffer: Buffer) -> Kind:
    """The kind of quoting of this mbox."""
    if _all_lengths_right(buffer):
        return "mboxcl2"
    if buffer[:14] == b"From mboxrd@z ":
        return "mboxrd"
    doubled = buffer.find(b"\n>>From ") >= 0
    return "mboxrd" if doubled and not _has_bare_line(buffer) else "mboxo"


def places(buffer: Buffer, kind: Kind) -> Iterator[Place]:
    """The messages of an mbox in order. buffer begins with a From_ line."""
    line = 0
    while line < len(buffer):
        start = _line_end(buffer, line)
        end, following = (_by_length(buffer, start) if kind == "mboxcl2" else None) or _by_line(buffer, line, start, kind)
        yield Place(line, start, end)
        line = following


def content(buffer: Buffer, place: Place, kind: Kind) -> bytes:
    """The bytes of one message, unquoted."""
    raw = buffer[place.start : place.end]
    if kind == "mboxcl2" or b">From " not in raw:
        return raw
    if kind == "mboxrd":
        return _QUOTED_RD.sub(rb"\1", raw)
    body = _HEADERS_END.search(raw)
    at = body.end() if body else len(raw)
    return raw[:at] + _QUOTED_O.sub(rb"\1", raw[at:])


def envelope_of(line: bytes) -> tuple[str, int | None]:
    """Sender and time of a From_ line: (address or "", ms since 1970 or None).
    Times without a zone count as UTC.
    Google writes its own message number with @xxx there, which is no address."""
    words = line[5:].split(None, 1)
    named = bool(words) and b"@" in words[0] and words[0] != b"mboxrd@z" and not words[0].endswith(b"@xxx")
    address = words[0].decode("ascii", "replace") if named else ""
    match = _DATE.search(line)
    if match is None:
        return address, None
    month, day, hour, minute, second, before, year, after = match.groups()
    zone = (before or after or b"+0000").strip()
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[:1] == b"-" else 1)
    try:
        when = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
    except ValueError:
        return address, None
    return address, int((when - offset).timestamp()) * 1000


def mark_of(line: bytes) -> str:
    """The start of a From_ line up to an @, by which Google Vault metadata name a message."""
    words = line[5:].split(None, 1)
    return words[0].partition(b"@")[0].decode("ascii", "replace") if words else ""


def _line_end(buffer: Buffer, at: int) -> int:
    end = buffer.find(b"\n", at)
    return len(buffer) if end < 0 else end + 1


def _is_separator(buffer: Buffer, at: int, *, strict: bool) -> bool:
    """Whether a From_ line at `at` begins a message: it has a date, and headers or an empty line follow."""
    end = _line_end(buffer, at)
    if end - at > _MAX_LINE:
        return False
    if not strict:
        return True
    if _DATE.search(buffer[at:end]) is None:
        return False
    following = buffer[end : end + _MAX_LINE]
    empty_before = buffer[max(0, at - 2) : at] == b"\n\n" or buffer[max(0, at - 4) : at] == b"\r\n\r\n"
    return _HEADER.match(following) is not None or (empty_before and (not following or following.startswith((b"\n", b"\r\n"))))


def _by_line(buffer: Buffer, line: int, start: int, kind: Kind) -> tuple[int, int]:
    """(end of the message, next From_ line), by looking for From_ lines."""
    at = buffer.find(b"\nFrom ", start - 1)
    strict = kind != "mboxrd"
    while at >= 0 and not _is_separator(buffer, at + 1, strict=strict):
        at = buffer.find(b"\nFrom ", at + 1)
    following = len(buffer) if at < 0 else at + 1
    return _without_empty_line(buffer, start, following), following


def _without_empty_line(buffer: Buffer, start: int, end: int) -> int:
    """End of the message without the empty line that an mbox writer puts behind it."""
    tail = buffer[max(start, end - 4) : end]
    if tail.endswith(b"\r\n\r\n"):
        return end - 2
    return end - 1 if tail.endswith(b"\n\n") or (tail == b"\n" and end - start == 1) else end


def _by_length(buffer: Buffer, start: int) -> tuple[int, int] | None:
    """(end of the message, next From_ line) by its Content-Length, None when there is none or it does not lead to a From_ line."""
    if buffer[start : start + 1] == b"\n":
        return None
    ends = _HEADERS_END.search(buffer, start)
    if ends is None or (length := _CONTENT_LENGTH.search(buffer[start : ends.start() + 1])) is None:
        return None
    end = ends.end() + int(length[1])
    if end > len(buffer):
        return None
    for gap in (b"\n", b"\r\n", b""):
        following = end + len(gap)
        if buffer[end:following] == gap and (following == len(buffer) or buffer[following : following + 5] == b"From "):
            return end, following
    return None


def _all_lengths_right(buffer: Buffer) -> bool:
    line = 0
    while line < len(buffer):
        bounds = _by_length(buffer, _line_end(buffer, line))
        if bounds is None:
            return False
        line = bounds[1]
    return True


def _has_bare_line(buffer: Buffer) -> bool:
    """Whether a line inside a message begins with From_ and was not quoted."""
    at = buffer.find(b"\nFrom ")
    while at >= 0:
        if not _is_separator(buffer, at + 1, strict=True):
            return True
        at = buffer.find(b"\nFrom ", at + 1)
    return False
