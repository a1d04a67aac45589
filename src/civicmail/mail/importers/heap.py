"""The properties of an item that is embedded in a PST: libpff gives its node as bytes, which are a heap with a tree of properties.

MS-PST 2.3.1 to 2.3.3. Values that lie in nodes of their own (long bodies, recipients, attachments) are not in these bytes.
"""

from __future__ import annotations

import struct

from civicmail.core.message import mapi
from civicmail.core.message.mapi import Item, Properties

_BLOCK = 8176  # bytes of a full block of a Unicode file, without its trailer
_LEVELS = 4
_MANY = 10_000
_INLINE = frozenset({0x02, 0x03, 0x04, 0x0A, 0x0B})
ELSEWHERE = "longer values, recipients and attachments of this embedded item are not in what the library gives of it"


def item(data: bytes, codec: str) -> Item | None:
    """The item, as far as it lies in these bytes; None when they are something else."""
    if len(data) < 12 or data[2:4] != b"\xec\xbc":
        return None
    found: Properties = {}
    elsewhere = False
    try:
        root = _allocation(data, struct.unpack_from("<I", data, 4)[0])
        kind, key, entry, levels, top = struct.unpack_from("<BBBBI", root)
        if (kind, key, entry) != (0xB5, 2, 6) or levels > _LEVELS:
            return None
        for number, type_, value in _records(data, top, levels):
            if type_ in _INLINE:
                found[mapi.key(number)] = mapi.value(type_, struct.pack("<I", value), codec)
            elif value & 0x1F:
                elsewhere = True
            elif not type_ & 0x1000 and type_ != 0x0D:
                found[mapi.key(number)] = mapi.value(type_, _allocation(data, value) if value else b"", codec)
    except (struct.error, IndexError):
        return None
    return Item(found, broken=ELSEWHERE if elsewhere or found else "")


def _records(data: bytes, place: int, levels: int) -> list[tuple[int, int, int]]:
    """(property id, type, value or place of it) of the leaves of the tree."""
    waiting = [(place, levels)]
    found: list[tuple[int, int, int]] = []
    while waiting and len(found) < _MANY:
        place, level = waiting.pop()
        node = _allocation(data, place)
        if level:
            waiting += [(below, level - 1) for _, below in struct.iter_unpack("<HI", node[: len(node) // 6 * 6])]
        else:
            found += struct.iter_unpack("<HHI", node[: len(node) // 8 * 8])
    return found


def _allocation(data: bytes, place: int) -> bytes:
    """The bytes of one piece of the heap. place: block (16 bits), number in it from 1 (11 bits), 5 bits of zero."""
    start = (place >> 16) * _BLOCK
    block = data[start : start + _BLOCK]
    number = place >> 5 & 0x7FF
    (pages,) = struct.unpack_from("<H", block)
    (count,) = struct.unpack_from("<H", block, pages)
    if not 1 <= number <= count:
        raise IndexError(place)
    first, end = struct.unpack_from("<HH", block, pages + 4 + (number - 1) * 2)
    return block[first:end]
