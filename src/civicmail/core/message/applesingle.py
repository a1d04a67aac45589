"""AppleSingle files, which wrap a Mac file with its metadata (RFC 1740, appendix A). Pure, linear."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SINGLE = b"\x00\x05\x16\x00"
_HEAD = struct.Struct(">4sI16xH")
_ENTRY = struct.Struct(">3I")
_DATA, _NAME, _COMMENT = 1, 3, 4
_ENTRIES = 64


@dataclass(frozen=True, slots=True)
class AppleFile:
    """name, comment: as written in the file; content: the file itself."""

    name: bytes
    comment: bytes
    content: bytes


def read(data: bytes) -> AppleFile | None:
    """The wrapped file; None if the bytes are not AppleSingle."""
    if not data.startswith(SINGLE) or len(data) < _HEAD.size:
        return None
    entries: dict[int, bytes] = {}
    at = _HEAD.size
    for _ in range(min(_HEAD.unpack_from(data)[2], _ENTRIES)):
        if at + _ENTRY.size > len(data):
            break
        kind, start, size = _ENTRY.unpack_from(data, at)
        entries.setdefault(kind, data[start : start + size])
        at += _ENTRY.size
    return AppleFile(entries.get(_NAME, b""), entries.get(_COMMENT, b""), entries.get(_DATA, b""))
