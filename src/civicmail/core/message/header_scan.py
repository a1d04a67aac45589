"""Cheap header scans without parsing the message, for the loop guard, the importers and the content hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from civicmail.core.message import dates, encoded_words, header_block
from civicmail.core.message.header_block import Buffer
from civicmail.core.message.model import Defect

_RECEIVED = re.compile(rb"\n(?i:received)[ \t]*+:")
# Written by the hosts a message passes, so two copies of one message differ in them. DKIM-Signature is the sender's own.
_TRACE = re.compile(
    rb"\n(?=[RrDdXxAa])(?i:received|return-path|delivered-to|x-original-to|authentication-results|arc-[!-9;-~]+)[ \t]*+:"
    rb"[^\n]*+(?:\n[ \t][^\n]*+)*+(?=\n|\Z)"
)
_CHUNK = 1 << 20


def _scan(raw: bytes | memoryview | Buffer) -> tuple[int, int, int, bytes]:
    buffer = as_buffer(raw)
    ignored: list[Defect] = []
    return header_block.scan(buffer, 0, len(buffer), ignored, top=True)


def as_buffer(raw: bytes | bytearray | memoryview | Buffer) -> Buffer:
    """The same bytes in a form that can be searched; views are copied, mapped files are not."""
    if isinstance(raw, memoryview | bytearray):
        return bytes(raw)
    return raw


def header_length(raw: bytes | memoryview | Buffer) -> int:
    """Offset of the first byte of the body: the length of the header block with its blank line."""
    return _scan(raw)[2]


def received_count(raw: bytes | memoryview | Buffer) -> int:
    """Number of Received fields, for the loop guard (RFC 5321 6.3)."""
    return len(_RECEIVED.findall(_scan(raw)[3]))


def first(raw: bytes | memoryview | Buffer, name: str) -> bytes | None:
    """Unfolded raw value of the first field of that name, in any case; None if there is none."""
    return firsts(raw, [name]).get(name)


def firsts(raw: bytes | memoryview | Buffer, names: Iterable[str]) -> dict[str, bytes]:
    """Like `first` for several names, in one pass; only those present."""
    head = _scan(raw)[3]
    matches = ((name, _field(name).search(head)) for name in names)
    return {name: encoded_words.unfold(match[1]) for name, match in matches if match}


@lru_cache(maxsize=64)
def _field(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\n(?i:" + re.escape(name.encode("ascii", "replace")) + rb")[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")


def topmost_received_date(raw: bytes | memoryview | Buffer) -> datetime | None:
    """The time at which the last host received the message: the date of the first Received field, UTC; None without a valid one."""
    value = first(raw, "Received")
    return dates.received(encoded_words.text(value)) if value else None


def date(raw: bytes | memoryview | Buffer) -> datetime | None:
    """The Date field; None without a usable one."""
    value = first(raw, "Date")
    return dates.parse(encoded_words.text(value)) if value else None


def content_hash(raw: bytes | memoryview | Buffer, sha256: bytes | None = None) -> bytes:
    """SHA-256 (32 bytes) over the message with CRLF line endings and without trace fields and mbox "From " line.

    Trace fields: Received, Return-Path, Delivered-To, X-Original-To, Authentication-Results, ARC-*. It groups copies of a message
    that came by several routes; it never identifies the message (the SHA-256 of its bytes does).

    sha256: of the bytes, if known: it is the result when nothing must change.
    """
    buffer = as_buffer(raw)
    end, body, cr_only = header_block.find_end(buffer, 0, len(buffer))
    head = buffer[:end]
    if head.startswith((b"From ", b">From ")):
        head = head[head.find(b"\r" if cr_only else b"\n") + 1 :]
    lines = b"\n" + _lf(head)
    kept = _TRACE.sub(b"", lines)
    if sha256 and isinstance(buffer, bytes) and len(head) == end and len(kept) == len(lines) and _is_crlf(buffer):
        return sha256
    digest = hashlib.sha256(kept[1:].replace(b"\n", b"\r\n"))
    if body - end:
        digest.update(b"\r\n")
    for at in range(body, len(buffer), _CHUNK):
        chunk = buffer[at : at + _CHUNK]
        if at > body and chunk[:1] == b"\n" and buffer[at - 1 : at] == b"\r":
            chunk = chunk[1:]  # the second half of a CRLF whose first half ended the last chunk
        digest.update(_crlf(chunk))
    return digest.digest()


def _is_crlf(data: bytes) -> bool:
    """Whether all line endings are CRLF, as in mail from the wire; checking is cheaper than rewriting twice."""
    rest = data.replace(b"\r\n", b"")
    return b"\n" not in rest and b"\r" not in rest


def _crlf(data: bytes) -> bytes:
    if b"\r" in data and _is_crlf(data):
        return data
    return _lf(data).replace(b"\n", b"\r\n")


def _lf(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    data = data.replace(b"\r\n", b"\n")
    return data.replace(b"\r", b"\n") if b"\r" in data else data
