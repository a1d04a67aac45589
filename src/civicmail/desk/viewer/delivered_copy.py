"""The bytes that a recipient was given: the archived bytes without the fields that differ by recipient (promise 4, P-18; RFC
5322 3.6.3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from civicmail.core.message import blind_fields, filter_verdicts, header_block
from civicmail.mail.archive.records import EDGE, Capture
from civicmail.mail.courier.rendering import corrected, without

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_NOBODY = b"Bcc:"
"""Placeholder for a header that would be empty otherwise.

A field without addresses is valid and empty (RFC 5322 3.6.3).
"""

_AGAIN = 8
"""Times that a header is parsed: without a field of mixed line ends the others may be read differently."""


def delivered_bytes(body: bytes, capture: Capture) -> bytes:
    """The bytes as each recipient got them. A corrected sender stays corrected."""
    lines: list[str] = []
    if len(body) == capture.size and hashlib.sha256(body).digest() == capture.sha256:  # findings name places in these bytes
        lines, gone = corrected(capture.findings)
        body = b"".join(without([body], gone))
    edge = any(f.check == EDGE for f in capture.findings)
    copy = capture.is_copy
    for _ in range(_AGAIN):
        start, header, lined = _header(body)
        spans = sorted(_spans(lined, verdicts_too=not edge, copy=copy))
        if not spans:
            break
        kept = b"".join(without([header], [{"offset": low, "length": high - low} for low, high in spans]))
        if not kept:  # the body would be read as a header
            kept = _NOBODY + header[len(header.rstrip(b"\r\n")) :]
        if kept == header:
            break
        body = body[:start] + kept + body[start + len(header) :]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape") + body


def _spans(header: bytes, *, verdicts_too: bool, copy: bool) -> Iterable[tuple[int, int]]:
    """Positions of the fields that no recipient gets."""
    spans: set[tuple[int, int]] = set()
    hop = False
    for name, low, high in _fields(header):
        hop = hop or name == b"received"
        if name in blind_fields.NAMES or (copy and not hop and name in blind_fields.FOR_WHOM):
            spans.add((low, high))
    if verdicts_too:
        spans |= {(v.offset, v.offset + v.length) for v in filter_verdicts.verdicts(header)}
    return spans


def _header(body: bytes) -> tuple[int, bytes, bytes]:
    """The start of the header, its bytes up to the first empty line, including lines that are no fields, and its lines."""
    start = header_block.read(body, 0, len(body), [], top=True).start
    end, _, cr_only = header_block.find_end(body, start, len(body))
    header = body[start:end]
    return start, header, header.replace(b"\r", b"\n") if cr_only else header


def _fields(header: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Lower-case name, begin and end of each field; skip lines that are no fields."""
    at = 0
    while at < len(header):
        if match := _FIELD.match(header, at):
            yield match[1].lower(), at, match.end()
            at = match.end()
        else:
            at = header.find(b"\n", at) + 1 or len(header)
