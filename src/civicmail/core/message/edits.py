"""Replace decoded bytes of a text part by ASCII, as changes to ranges of the stored message (RFC 2045 6). Pure.

Only what changes is written anew: every other byte of the part stays as it is, so that what left can be rebuilt from a short list.
In base64 the new text is filled up until the bytes behind it fall into the same groups of three as before.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from civicmail.core.message import transfer_encoding

_ESCAPE = re.compile(rb"=(?:[ \t]*+\r?+\n|([0-9A-Fa-f]{2})|[ \t]*+\Z)")
_RUN = re.compile(rb"[A-Za-z0-9+/=]+")
_COLUMN = 72


@dataclass(frozen=True, slots=True)
class Edit:
    """Decoded bytes [start, end) become `before` + fill + `after`; fill: one character, inserted zero to two times."""

    start: int
    end: int
    before: str
    after: str = ""
    fill: str = " "

    def text(self, times: int = 0) -> str:
        return f"{self.before}{self.fill * times}{self.after}"


@dataclass(frozen=True, slots=True)
class Change:
    """A change: the stored bytes [offset, offset + length) become `text`, which is ASCII with CRLF."""

    offset: int
    length: int
    text: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part whose decoded bytes can be changed. content: decoded; starts, raws: where pieces begin, decoded and encoded."""

    content: bytes
    kind: str
    starts: tuple[int, ...] = ()
    raws: tuple[int, ...] = ()


def opened(data: bytes, encoding: str) -> Encoded | None:
    """The part with these encoded bytes; None where decoded bytes cannot be mapped: broken base64, other encodings."""
    if encoding in transfer_encoding.IDENTITY:
        return Encoded(data, "identity")
    if encoding == "quoted-printable":
        return _quoted(data)
    return _grouped(data) if encoding == "base64" else None


def changes(part: Encoded, edits: Iterable[Edit], offset: int) -> Iterator[Change]:
    """edits: in order, none over another. offset: of the part's encoded bytes in the message."""
    if part.kind == "base64":
        yield from _in_groups(part, list(edits), offset)
        return
    for edit in edits:
        if part.kind == "identity":
            yield Change(offset + edit.start, edit.end - edit.start, edit.text())
        else:
            begin = _raw(part, edit.start)
            end = _raw_end(part, edit.end - 1) if edit.end > edit.start else begin
            yield Change(offset + begin, end - begin, _soft(edit.text()))


def _quoted(data: bytes) -> Encoded:
    """Pieces of equal length on both sides, and escapes of one byte; soft line breaks lie between pieces."""
    out: list[bytes] = []
    starts, raws = [], []
    at = size = 0
    for match in _ESCAPE.finditer(data):
        begin, code = match.start(), match[1]
        if begin > at:
            starts.append(size)
            raws.append(at)
            out.append(data[at:begin])
            size += begin - at
        if code is not None:
            starts.append(size)
            raws.append(begin)
            out.append(binascii.unhexlify(code))
            size += 1
        at = match.end()
    if at < len(data):
        starts.append(size)
        raws.append(at)
        out.append(data[at:])
        size += len(data) - at
    return Encoded(b"".join(out), "quoted", (*starts, size), (*raws, len(data)))


def _raw(part: Encoded, at: int) -> int:
    """The start of the encoded form of a decoded byte."""
    piece = bisect.bisect_right(part.starts, at) - 1
    return part.raws[piece] + at - part.starts[piece] if piece >= 0 else 0


def _raw_end(part: Encoded, at: int) -> int:
    """The end of the encoded form of a decoded byte."""
    piece = bisect.bisect_right(part.starts, at) - 1
    is_escape = part.starts[piece + 1] - part.starts[piece] == 1 and part.raws[piece + 1] - part.raws[piece] >= 3
    return part.raws[piece] + 3 if is_escape else part.raws[piece] + at - part.starts[piece] + 1


def _soft(text: str) -> str:
    """Text in quoted-printable that begins and ends in the middle of any line."""
    lines = []
    for line in text.replace("=", "=3D").split("\r\n"):
        pieces, rest = [], line
        while len(rest) > _COLUMN:
            cut = _COLUMN - (2 if rest[_COLUMN - 2] == "=" else 1 if rest[_COLUMN - 1] == "=" else 0)
            pieces.append(rest[:cut])
            rest = rest[cut:]
        lines.append("=\r\n".join([*pieces, rest]))
    return "=\r\n" + "\r\n".join(lines) + "=\r\n"


def _grouped(data: bytes) -> Encoded | None:
    starts, raws = [], []
    size = 0
    letters = []
    for run in _RUN.finditer(data):
        starts.append(size)
        raws.append(run.start())
        letters.append(run[0])
        size += len(run[0])
    whole = b"".join(letters)
    outside = len(data) - size
    if size % 4 or whole.rstrip(b"=").find(b"=") >= 0 or outside != sum(data.count(c) for c in (b"\r", b"\n", b" ", b"\t")):
        return None
    try:
        content = binascii.a2b_base64(whole)
    except binascii.Error:
        return None
    return Encoded(content, "base64", (*starts, size), (*raws, len(data)))


def _in_groups(part: Encoded, edits: list[Edit], offset: int) -> Iterator[Change]:
    """Edits whose groups of three touch are written together."""
    at = 0
    while at < len(edits):
        first = at
        last_group = _last(edits[at])
        while at + 1 < len(edits) and edits[at + 1].start // 3 <= last_group:
            at += 1
            last_group = max(last_group, _last(edits[at]))
        yield _one_group(part, edits[first : at + 1], last_group, offset)
        at += 1


def _last(edit: Edit) -> int:
    return max(edit.end - 1, edit.start) // 3


def _one_group(part: Encoded, edits: list[Edit], last: int, offset: int) -> Change:
    begin, end = edits[0].start // 3 * 3, min(last * 3 + 3, len(part.content))
    content, edges = part.content, [begin, *(edge for edit in edits for edge in (edit.start, edit.end)), end]
    kept = [content[low:high] for low, high in pairwise(edges)][::2]
    size = sum(map(len, kept)) + sum(len(edit.text()) for edit in edits)
    fill = -size % 3 if end < len(content) else 0
    new = kept[0]
    for number, edit in enumerate(edits):
        new += edit.text(fill if number == len(edits) - 1 else 0).encode("ascii") + kept[number + 1]
    low, high = _letter(part, begin // 3 * 4), _letter(part, -(-end // 3) * 4 - 1) + 1
    letters = base64.b64encode(new).decode()
    lines = [letters[n : n + 76] for n in range(0, len(letters), 76)]
    return Change(offset + low, high - low, "\r\n".join(["", *lines, ""]))


def _letter(part: Encoded, number: int) -> int:
    """The place of the encoded letter with this number."""
    return _raw(part, number)
