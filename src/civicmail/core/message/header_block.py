"""One header block: its end, its defects, and its fields by name. Uses regular expressions, no loop over lines.

Line endings may be LF, CRLF, CR alone or mixed; an mbox "From " line may come first; the blank line may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from mmap import mmap

from civicmail.core.message import defect_codes, limits
from civicmail.core.message.model import Defect

Buffer = bytes | mmap
"""The parsed bytes, or a mapped file that is copied only where it is decoded."""

_FOLDED = rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)"
_NAMES = (  # branches that begin with a set of letters are passed over without being entered
    rb"([Rr](?i:eceived|eply-to|eferences|esent-bcc)|[Tt][Oo]|[Ff](?i:rom)|[Ss](?i:ubject|ender)|[Dd](?i:ate)|[Mm](?i:essage-id)"
    rb"|[Cc](?:[Cc]|(?i:omments|ontent-(?:type|transfer-encoding|disposition|id|description)))|[Kk](?i:eywords)|[Ii](?i:n-reply-to)|[Ll](?i:ist-id)|[Bb](?:[Cc][Cc]|(?i:lind-carbon-copy))"
    rb"|[Xx]-(?i:bcc|resent-bcc|original-bcc))"
)
_INDEXED = re.compile(rb"\n" + _NAMES + _FOLDED)
_EVERY = re.compile(rb"\n([!-9;-~]++)" + _FOLDED)
_BAD_LINE = re.compile(rb"\n(?![ \t]|[!-9;-~]++[ \t]*+:|\Z)")
_INDEXED_OR_BAD = re.compile(rb"\n(?![ \t])(?:" + _NAMES + _FOLDED + rb"|(?![!-9;-~]++[ \t]*+:|\Z))")
"""Both in one pass over the lines; a bad line has no name."""
_FAMILIAR = re.compile(
    rb"\n(?i:received|from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|return-path|reply-to|sender"
    rb"|x-[a-z0-9-]+|dkim-signature|arc-[a-z-]+|list-[a-z-]+|references|in-reply-to|delivered-to|user-agent|status"
    rb"|bcc|resent-[a-z-]+)[ \t]*+:"
)
_FROM_LINE = re.compile(rb"\n>?From [^\n]*+\n")
_FOLD_OF_NOTHING = re.compile(rb"\n(?:[ \t]++\r?+\n)*+[ \t]++[^ \t\r\n]")
"""White space before the first word of a block: it would continue a field, but there is none (RFC 5322 2.2.3)."""
_STRAY = re.compile(rb"(?:\A\n(?=[ \t])|\n(?![ \t]|[!-9;-~]++[ \t]*+:|\Z))([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_LEADING_BLANK = re.compile(rb"(?:[ \t]*+\r?\n)++")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ONCE = (b"from", b"subject", b"date", b"message-id", b"to", b"cc", b"sender", b"reply-to", b"content-type")


class HeaderBlock:
    """start, end: byte offsets of the header block; body: offset of the first body byte. fields: raw values by lower-case name."""

    __slots__ = ("body", "data", "end", "fields", "start")

    def __init__(self, start: int, end: int, body: int, data: bytes, fields: dict[bytes, list[bytes]]) -> None:
        self.start = start
        self.end = end
        self.body = body
        self.data = data
        """The block with one LF put before it, so that every field starts behind an LF; CR-only lines are turned to LF."""
        self.fields = fields

    def first(self, name: bytes) -> bytes:
        values = self.fields.get(name)
        return values[0] if values else b""

    def every(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Offset in the message, name and raw value of each field in order."""
        for match in _EVERY.finditer(self.data):
            yield self.start + match.start(), match[1], match[2]


def _by_name(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    fields: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        fields.setdefault(name.lower(), []).append(value)
    return fields


def find_end(raw: Buffer, start: int, end: int) -> tuple[int, int, bool]:
    """End of the header block, start of the body, and whether lines end in CR alone; looks for the first empty line only."""
    first = raw.find(b"\n", start, end)
    cr = raw.find(b"\r", start, first if first >= 0 else end)
    if cr >= 0 and cr != first - 1:
        double = raw.find(b"\r\r", start, first if first >= 0 else end)
        if first < 0 or (double >= 0 and double + 2 != first):
            if cr == start:
                return start, start + 1, True
            return (double + 1, double + 2, True) if double >= 0 else (end, end, True)
    if first < 0:
        return end, end, False
    if first == start or (first == start + 1 and cr == start):
        return start, first + 1, False
    if cr == first - 1:
        crlf = raw.find(b"\n\r\n", start, end)
        lf = raw.find(b"\n\n", start, crlf if crlf >= 0 else end)
    else:
        lf = raw.find(b"\n\n", start, end)
        stop = lf if lf >= 0 else end
        crlf = raw.find(b"\n\r\n", start, stop) if raw.find(b"\r", start, stop) >= 0 else -1
    if lf >= 0:
        return lf + 1, lf + 2, False
    return (crlf + 1, crlf + 3, False) if crlf >= 0 else (end, end, False)


def read(raw: Buffer, start: int, end: int, defects: list[Defect], top: bool = False) -> HeaderBlock:
    """The header block that begins at start; adds its defects to found. top: the block of a whole message, not of a part."""
    start, end, body, data = _lines(raw, start, end, defects, top)
    fields = _by_name(_INDEXED_OR_BAD.findall(data))
    if b"" in fields or _FOLD_OF_NOTHING.match(data):
        data, end, body = _repair(data, start, end, body, defects, top)
        fields = _by_name(_INDEXED.findall(data))
    if top:
        _check(data, start, defects)
    return HeaderBlock(start, end, body, data, fields)


def scan(raw: Buffer, start: int, end: int, defects: list[Defect], top: bool = False) -> tuple[int, int, int, bytes]:
    """start, end, body and data of a Block, without looking for its fields."""
    start, end, body, data = _lines(raw, start, end, defects, top)
    if _first_bad(data) >= 0:
        data, end, body = _repair(data, start, end, body, defects, top)
    if top:
        _check(data, start, defects)
    return start, end, body, data


def _lines(raw: Buffer, start: int, end: int, defects: list[Defect], top: bool) -> tuple[int, int, int, bytes]:
    """The lines of the block, including those that are not fields."""
    if top and raw[start : start + 3] == _BYTE_ORDER_MARK:
        defects.append(Defect(defect_codes.BYTE_ORDER_MARK, start))
        start += 3
    block_end, body, cr_only = find_end(raw, start, end)
    if top and block_end == start and body < end:
        blank = _LEADING_BLANK.match(raw, start, min(end, start + 4096))
        if blank and _FAMILIAR.match(raw, blank.end() - 1):
            defects.append(Defect(defect_codes.LEADING_BLANK, start))
            start = blank.end()
            block_end, body, cr_only = find_end(raw, start, end)
    if block_end - start > limits.HEADER_BYTES:
        defects.append(Defect(defect_codes.HEADER_TOO_LARGE, start + limits.HEADER_BYTES))
        cut = max(raw.rfind(b"\n", start, start + limits.HEADER_BYTES), raw.rfind(b"\r", start, start + limits.HEADER_BYTES))
        data = b"\n" + raw[start : cut + 1 if cut >= 0 else start + limits.HEADER_BYTES]
    else:
        data = b"\n" + raw[start:block_end]
    if cr_only:
        data = data.replace(b"\r", b"\n")
    if top and len(data) > 1 and not _is_header(data):
        defects.append(Defect(defect_codes.HEADER_MISSING, start))
        return start, start, start, b"\n"
    return start, block_end, body, data


def _is_header(data: bytes) -> bool:
    """Whether the first lines of a message are a header and not words with a colon after the first: they include a field of
    mail."""
    return bool(_FAMILIAR.search(data) or _INDEXED.search(data) or _FROM_LINE.match(data))


def _first_bad(data: bytes) -> int:
    """Place of the LF before the first line that is not a field; -1 without one."""
    if _FOLD_OF_NOTHING.match(data):
        return 0
    bad = _BAD_LINE.search(data)
    return bad.start() if bad else -1


def stray(data: bytes) -> bytes:
    """Lines among the fields of a block that are not fields."""
    return b"\n".join([line for line in _STRAY.findall(data) if line.strip()])


def _repair(data: bytes, start: int, end: int, body: int, defects: list[Defect], top: bool) -> tuple[bytes, int, int]:
    """A line that is no field: skip it when more of the header follows, else the body begins there without its blank line."""
    bad = _first_bad(data)
    if bad == 0 and (line := _FROM_LINE.match(data)):
        defects.append(Defect(defect_codes.MBOX_FROM_LINE, start))
        # Spaces in place of the line keep every offset; a line of spaces is no field.
        data = b"\n" + b" " * (line.end() - 2) + data[line.end() - 1 :]
        again = _BAD_LINE.search(data, 1)
        if again is None:
            return data, end, body
        bad = again.start()
    if _FAMILIAR.search(data, bad + 1):
        defects.append(Defect(defect_codes.HEADER_LINE, start + bad))
        last = list(_FAMILIAR.finditer(data, bad + 1))[-1].start()
        trailing = _BAD_LINE.search(data, last + 1)
        if trailing is None:
            return data, end, body
        bad = trailing.start()
    at = start + bad
    if bad == 0 or not data[:bad].strip():
        # A block of a part may well be absent; a message without any field is worth a word.
        defects.append(Defect(defect_codes.HEADER_MISSING, at))
    else:
        defects.append(Defect(defect_codes.SEPARATOR_MISSING, at))
    return data[: bad + 1], at, at


def _check(data: bytes, start: int, defects: list[Defect]) -> None:
    if len(data) == 1:
        defects.append(Defect(defect_codes.HEADER_EMPTY, start))
    if not data.isascii():
        try:
            data.decode("utf-8")  # RFC 6532 allows it
        except UnicodeDecodeError as wrong:
            defects.append(Defect(defect_codes.HEADER_8BIT, start + wrong.start - 1))
    if (nul := data.find(b"\0")) >= 0:
        defects.append(Defect(defect_codes.HEADER_NUL, start + nul - 1))
    if len(data) > limits.HEADER_FIELDS < data.count(b"\n") and sum(1 for _ in _EVERY.finditer(data)) > limits.HEADER_FIELDS:
        defects.append(Defect(defect_codes.HEADER_TOO_MANY, start))


def repeated(block: HeaderBlock) -> Iterator[Defect]:
    """Repeated fields that RFC 5322 3.6 allows only once; the first one counts (addresses: all)."""
    for name in _ONCE:
        values = block.fields.get(name)
        if values is not None and len(values) > 1:
            yield Defect(defect_codes.DUPLICATE_HEADER, block.start, name.decode("ascii"))
