"""Extract the content of an opaque signed S/MIME part (RFC 8551 3.5.2, RFC 5652). The signature is not verified. Pure."""

from __future__ import annotations

from civicmail.core.message import limits

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")


class _Broken(Exception):
    """The bytes are no BER of the expected shape."""


def signed_content(data: bytes) -> bytes | None:
    """The MIME entity that was signed; None when the structure is another one, is broken, or carries no content."""
    try:
        info = _fields(data, *_enter(data, 0, len(data), 0x30))
        if len(info) < 2 or data[info[0][1] : info[0][2]] != _SIGNED_DATA:
            return None
        signed = _fields(data, *_enter(data, info[1][1], info[1][2], 0x30))
        encapsulated = [f for f in signed if f[0] == 0x30][:1]
        if not encapsulated:
            return None
        content = _fields(data, encapsulated[0][1], encapsulated[0][2])
        if len(content) < 2 or content[1][0] != 0xA0:
            return None
        return b"".join(_octets(data, content[1][1], content[1][2], 0))
    except _Broken:
        return None


def _enter(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Start and end of the value of the one field required here."""
    actual, start, stop, _ = _field(data, at, end, 0)
    if actual != tag:
        raise _Broken
    return start, stop


def _fields(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """(tag, start, end) of the fields from at to end; an end of contents ends them."""
    fields: list[tuple[int, int, int]] = []
    while at < end and len(fields) < limits.DERIVED:
        tag, start, stop, at = _field(data, at, end, 0)
        if tag == 0 and start == stop:
            break
        fields.append((tag, start, stop))
    return fields


def _octets(data: bytes, at: int, end: int, depth: int) -> list[bytes]:
    """The bytes of octet strings, primitive or made of pieces."""
    if depth > limits.CMS_DEPTH:
        raise _Broken
    pieces: list[bytes] = []
    while at < end:
        tag, start, stop, at = _field(data, at, end, 0)
        if tag == 0 and start == stop:
            break
        if tag == 0x04:
            pieces.append(data[start:stop])
        elif tag == 0x24:
            pieces += _octets(data, start, stop, depth + 1)
        else:
            raise _Broken
    return pieces


def _field(data: bytes, at: int, end: int, depth: int) -> tuple[int, int, int, int]:
    """Tag, start and end of a value, and where the next field begins (X.690 8.1)."""
    if at + 2 > end or depth > limits.CMS_DEPTH:
        raise _Broken
    tag, first = data[at], data[at + 1]
    if tag & 31 == 31:
        raise _Broken
    at += 2
    if first < 0x80:
        stop = at + first
    elif first == 0x80:
        inner = at
        while True:  # of unknown length: its fields end with an end of contents
            kind, start, stop, following = _field(data, inner, end, depth + 1)
            if kind == 0 and start == stop:
                return tag, at, inner, following
            inner = following
    else:
        count = first & 0x7F
        if count > 8 or at + count > end:
            raise _Broken
        stop = at + count + int.from_bytes(data[at : at + count], "big")
        at += count
    if stop > end:
        raise _Broken
    return tag, at, stop, stop
