"""Names of MAPI properties from 0x8000 on, as MSG and Outlook data files list them (MS-OXMSG 2.2.3, MS-PST 2.4.7)."""

from __future__ import annotations

import struct

from civicmail.core.message import mapi

type Names = dict[int, str]

_MAPI_SET, _STRINGS_SET = bytes.fromhex("2803020000000000c000000000000046"), bytes.fromhex("2903020000000000c000000000000046")


def read(sets: bytes, entries: bytes, strings: bytes) -> Names:
    """Number to key (mapi.named). sets: GUIDs; entries: 8 bytes for each name; strings: names that are text, with their length."""
    names: Names = {}
    for at in range(0, len(entries) - 7, 8):
        value, index, place = struct.unpack_from("<IHH", entries, at)
        which = index >> 1
        set_ = {1: _MAPI_SET, 2: _STRINGS_SET}.get(which, sets[(which - 3) * 16 : (which - 3) * 16 + 16])
        if len(set_) != 16:
            continue
        name: str | int = value
        if index & 1:
            size = int.from_bytes(strings[value : value + 4], "little")
            name = strings[value + 4 : value + 4 + size].decode("utf-16-le", "replace")
        names[0x8000 + place] = mapi.named(set_, name)
    return names
