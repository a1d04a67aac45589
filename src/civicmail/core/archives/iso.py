"""Disk images: ISO 9660 with Joliet names (ECMA-119). Other images are not read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from civicmail.core.archives.archive import Archive, Member
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, TOO_MANY, Unreadable

_SECTOR = 2_048
_FIRST = 16
_VOLUMES = 16
_PRIMARY, _SUPPLEMENTARY, _LAST = 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_FOLDER = 2
_MAX_FOLDERS = 500
_FOLDER_BYTES = 1 << 20
_MAX_READ = 4 << 20  # bytes of all folders


class DiskImage(Archive):
    """The files of all folders."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._content = file.read()
        self._budget = budget

    def members(self) -> Iterator[Member]:
        root = _root(self._content)
        if root is None:
            raise Unreadable(DAMAGED)
        record, wide = root
        listed = read = 0
        waiting = [("", *_extent(record))]
        seen: set[int] = set()
        while waiting:
            above, start, size = waiting.pop()
            if start in seen:
                continue
            seen.add(start)
            folder = self._content[start : start + min(size, _FOLDER_BYTES)]
            read += len(folder)
            if len(seen) > _MAX_FOLDERS or read > _MAX_READ:
                raise Unreadable(TOO_MANY)
            for flags, name, place, length in _records(folder, wide=wide):
                if flags & _FOLDER:
                    waiting.append((f"{above}{name}/", place, length))
                    continue
                listed += 1
                if listed > self._budget.limits.listed:
                    raise Unreadable(TOO_MANY)
                yield Member(above + name, length, entry=place)

    def read(self, member: Member) -> Iterator[bytes]:
        data = self._content[member.entry : member.entry + member.size]
        self._budget.expand(len(data))
        yield data


def _root(content: bytes) -> tuple[bytes, bool] | None:
    """The record of the root folder, and whether names are UTF-16. Joliet names win, because Windows shows them."""
    root: tuple[bytes, bool] | None = None
    for number in range(_FIRST, _FIRST + _VOLUMES):
        volume = content[number * _SECTOR : (number + 1) * _SECTOR]
        if volume[1:6] != b"CD001" or volume[0] == _LAST:
            break
        if volume[0] == _PRIMARY and root is None:
            root = volume[156:190], False
        elif volume[0] == _SUPPLEMENTARY and volume[88:91] in _JOLIET:
            root = volume[156:190], True
    return root if root and len(root[0]) == 34 else None


def _extent(record: bytes) -> tuple[int, int]:
    return struct.unpack_from("<I", record, 2)[0] * _SECTOR, struct.unpack_from("<I", record, 10)[0]


def _records(folder: bytes, *, wide: bool) -> list[tuple[int, str, int, int]]:
    """(flags, name, offset, size) of each entry of a folder, without itself and its parent."""
    entries = []
    at = 0
    while at < len(folder):
        length = folder[at]
        if length == 0:  # records do not cross sectors
            at = (at // _SECTOR + 1) * _SECTOR
            continue
        record = folder[at : at + length]
        at += length
        if len(record) < 34:
            break
        raw = record[33 : 33 + record[32]]
        if raw in {b"\0", b"\1"}:
            continue
        name = raw.decode("utf-16-be" if wide else "latin-1", "replace").partition(";")[0]
        entries.append((record[25], name, *_extent(record)))
    return entries
