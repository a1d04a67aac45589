"""List the file names of a cabinet (MS-CAB 2.3). Contents are not unpacked. Pure."""

from __future__ import annotations

import struct

from civicmail.core.sandbox.errors import DAMAGED, Unreadable

_FILE = 16  # bytes of a CFFILE before its name


def members(content: bytes) -> list[tuple[str, bool]]:
    """(name, False) of each file: cabinets have no passwords. Raises Unreadable."""
    if len(content) < 36:
        raise Unreadable(DAMAGED)
    at = struct.unpack_from("<I", content, 16)[0]
    count = struct.unpack_from("<H", content, 28)[0]
    entries: list[tuple[str, bool]] = []
    for _ in range(count):
        end = content.find(b"\0", at + _FILE, at + _FILE + 257)
        if end < 0:
            raise Unreadable(DAMAGED)
        entries.append((content[at + _FILE : end].decode("utf-8", "replace"), False))
        at = end + 1
    return entries
