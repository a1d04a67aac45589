"""List the members of a RAR archive, version 4 or 5 (RAR technote). No free library unpacks them."""

from __future__ import annotations

import struct
from typing import BinaryIO

from civicmail.core.archives.archive import Member, Names
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, Unreadable

_OLD, _NEW = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_BLOCKS = 20_000
_OLD_MAIN, _OLD_FILE, _OLD_END = 0x73, 0x74, 0x7B
_LOCKED_HEADERS, _LOCKED_FILE, _LARGE, _UNICODE, _HAS_DATA = 0x80, 0x04, 0x100, 0x200, 0x8000
_NEW_FILE, _NEW_LOCKED, _NEW_END = 2, 4, 5
_FILE_ENCRYPTION = 1  # record in the extra area of a file


def opened(file: BinaryIO, budget: Budget) -> Names:
    """Raises Unreadable: ENCRYPTED where the names are encrypted, too."""
    content = file.read()
    try:
        return Names(_new(content) if content.startswith(_NEW) else _old(content), budget)
    except (struct.error, IndexError):
        raise Unreadable(DAMAGED) from None


def _old(content: bytes) -> list[Member]:
    entries: list[Member] = []
    at = len(_OLD)
    for _ in range(_BLOCKS):
        if at + 7 > len(content):
            break
        kind, flags, size = struct.unpack_from("<BHH", content, at + 2)
        if size < 7:
            raise Unreadable(DAMAGED)
        if kind == _OLD_MAIN and flags & _LOCKED_HEADERS:
            raise Unreadable(ENCRYPTED)
        if kind == _OLD_END:
            break
        data = struct.unpack_from("<I", content, at + 7)[0] if flags & _HAS_DATA or kind == _OLD_FILE else 0
        if kind == _OLD_FILE:
            if flags & _LARGE:
                data += struct.unpack_from("<I", content, at + 32)[0] << 32
            length = struct.unpack_from("<H", content, at + 26)[0]
            start = at + (40 if flags & _LARGE else 32)
            entries.append(Member(_old_name(content[start : start + length], flags), encrypted=bool(flags & _LOCKED_FILE)))
        at += size + data
    return entries


def _old_name(raw: bytes, flags: int) -> str:
    """The name of a member. With the Unicode flag a plain form comes first, then a NUL and the differences; the extension is the
    same in the first."""
    plain, nul, _ = raw.partition(b"\0")
    return plain.decode("utf-8" if flags & _UNICODE and not nul else "cp1252", "replace")


def _new(content: bytes) -> list[Member]:
    entries: list[Member] = []
    at = len(_NEW)
    for _ in range(_BLOCKS):
        if at + 7 > len(content):
            break
        size, body = _number(content, at + 4)
        end = body + size
        kind, here = _number(content, body)
        flags, here = _number(content, here)
        extra = data = 0
        if flags & 1:
            extra, here = _number(content, here)
        if flags & 2:
            data, here = _number(content, here)
        if kind == _NEW_LOCKED:
            raise Unreadable(ENCRYPTED)
        if kind == _NEW_END:
            break
        if kind == _NEW_FILE:
            entries.append(Member(_new_name(content, here), encrypted=_is_locked(content, end - extra, end)))
        at = end + data
    return entries


def _new_name(content: bytes, at: int) -> str:
    flags, at = _number(content, at)
    _, at = _number(content, at)  # unpacked size
    _, at = _number(content, at)  # attributes
    at += 4 * bool(flags & 2) + 4 * bool(flags & 4)  # time, checksum
    _, at = _number(content, at)  # compression
    _, at = _number(content, at)  # system
    length, at = _number(content, at)
    return content[at : at + length].decode("utf-8", "replace")


def _is_locked(content: bytes, at: int, end: int) -> bool:
    while at < end:
        size, at = _number(content, at)
        kind, _ = _number(content, at)
        if kind == _FILE_ENCRYPTION:
            return True
        at += max(size, 1)
    return False


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise Unreadable(DAMAGED)
