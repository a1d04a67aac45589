"""The files of a disk image: ISO 9660 with Joliet names (ECMA-119); of other images nothing is read. Pure."""

from __future__ import annotations

import struct

from civicmail.core.sandbox.errors import DAMAGED, TOO_MANY, Unreadable
from civicmail.mail.screening.allowance import ENTRIES

_SECTOR = 2_048
_FIRST = 16
_VOLUMES = 16
_PRIMARY, _SUPPLEMENTARY, _LAST = 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_FOLDER = 2
_FOLDERS_MOST = 500
_FOLDER_BYTES = 1 << 20
_READ_MOST = 4 << 20  # bytes of all folders


def files(content: bytes) -> list[tuple[str, int, int]]:
    """(name with its folders, offset, size) of each file. Raises Unreadable where it has none that are understood."""
    root = _root(content)
    if root is None:
        raise Unreadable(DAMAGED)
    record, wide = root
    found: list[tuple[str, int, int]] = []
    waiting = [("", *_extent(record))]
    seen: set[int] = set()
    read = 0
    while waiting:
        above, start, size = waiting.pop()
        if start in seen:
            continue
        seen.add(start)
        if len(seen) > _FOLDERS_MOST or len(found) > ENTRIES:
            raise Unreadable(TOO_MANY)
        folder = content[start : start + min(size, _FOLDER_BYTES)]
        read += len(folder)
        if read > _READ_MOST:
            raise Unreadable(TOO_MANY)
        for flags, name, place, length in _records(folder, wide=wide):
            if flags & _FOLDER:
                waiting.append((f"{above}{name}/", place, length))
            else:
                found.append((above + name, place, length))
    return found


def _root(content: bytes) -> tuple[bytes, bool] | None:
    """The record of the root folder, and whether names are UTF-16; Joliet's where it is there, because Windows shows that."""
    found: tuple[bytes, bool] | None = None
    for number in range(_FIRST, _FIRST + _VOLUMES):
        volume = content[number * _SECTOR : (number + 1) * _SECTOR]
        if volume[1:6] != b"CD001" or volume[0] == _LAST:
            break
        if volume[0] == _PRIMARY and found is None:
            found = volume[156:190], False
        elif volume[0] == _SUPPLEMENTARY and volume[88:91] in _JOLIET:
            found = volume[156:190], True
    return found if found and len(found[0]) == 34 else None


def _extent(record: bytes) -> tuple[int, int]:
    return struct.unpack_from("<I", record, 2)[0] * _SECTOR, struct.unpack_from("<I", record, 10)[0]


def _records(folder: bytes, *, wide: bool) -> list[tuple[int, str, int, int]]:
    """(flags, name, offset, size) of what lies in a folder, without itself and the one above."""
    found = []
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
        found.append((record[25], name, *_extent(record)))
    return found
