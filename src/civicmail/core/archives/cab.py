"""List the file names of a cabinet (MS-CAB 2.3). Contents are not unpacked, and have no passwords."""

from __future__ import annotations

import struct
from typing import BinaryIO

from civicmail.core.archives.archive import Member, Names
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, Unreadable

_FILE = 16  # bytes of a CFFILE before its name


def opened(file: BinaryIO, budget: Budget) -> Names:
    return Names(_members(file.read()), budget)


def _members(content: bytes) -> list[Member]:
    if len(content) < 36:
        raise Unreadable(DAMAGED)
    at = struct.unpack_from("<I", content, 16)[0]
    count = struct.unpack_from("<H", content, 28)[0]
    entries: list[Member] = []
    for _ in range(count):
        end = content.find(b"\0", at + _FILE, at + _FILE + 257)
        if end < 0:
            raise Unreadable(DAMAGED)
        entries.append(Member(content[at + _FILE : end].decode("utf-8", "replace")))
        at = end + 1
    return entries
