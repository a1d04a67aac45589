"""Text of Word 97 to 2003 documents by the piece table (MS-DOC 2.4.1), footnotes, headers and text boxes included."""

from __future__ import annotations

import re
import struct

import olefile

from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, Unreadable

_FIRST = 0xA5EC
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_CLX_AT = 0x01A2  # fcClx and lcbClx in the file information block
_SKIPPED, _PIECES = 1, 2
_NARROW = 0x40000000
_FIELD = re.compile("\x13[^\x13\x14\x15]*[\x14\x15]")
_SIGNS = str.maketrans({"\r": "\n", "\x07": "\t", "\x0b": "\n", "\x0c": "\n", "\x14": "", "\x15": "", "\x13": "", "\x1e": "-", "\x1f": "", "\x01": " ", "\x08": " ", "\x05": " ", "\x02": " "})  # fmt: skip  # noqa: E501


def is_sealed(file: olefile.OleFileIO) -> bool:
    """Whether its information block marks it as encrypted (fEncrypted)."""
    start = file.openstream("WordDocument").read(12)
    return (
        len(start) == 12
        and struct.unpack_from("<H", start)[0] == _FIRST
        and bool(struct.unpack_from("<H", start, 10)[0] & _ENCRYPTED)
    )


def text(file: olefile.OleFileIO) -> str:
    """Raises Unreadable."""
    main = file.openstream("WordDocument").read()
    if len(main) < _CLX_AT + 8:
        raise Unreadable(DAMAGED)
    magic, flags = struct.unpack_from("<H", main, 0)[0], struct.unpack_from("<H", main, 10)[0]
    if magic != _FIRST:
        raise Unreadable(DAMAGED)
    if flags & _ENCRYPTED:
        raise Unreadable(ENCRYPTED)
    table = file.openstream("1Table" if flags & _TABLE_1 else "0Table").read()
    at, size = struct.unpack_from("<II", main, _CLX_AT)
    whole = "".join(_pieces(main, table[at : at + size]))
    return _FIELD.sub(" ", whole).translate(_SIGNS)


def _pieces(main: bytes, clx: bytes) -> list[str]:
    """The text of every piece, in order."""
    at = 0
    while at + 3 <= len(clx) and clx[at] == _SKIPPED:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at + 5 > len(clx) or clx[at] != _PIECES:
        raise Unreadable(DAMAGED)
    size = min(struct.unpack_from("<I", clx, at + 1)[0], len(clx) - at - 5)
    plc = clx[at + 5 : at + 5 + size]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    texts: list[str] = []
    for n in range(count):
        length = max(0, ends[n + 1] - ends[n])
        place = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * n + 2)[0]
        if place & _NARROW:
            start = (place & ~_NARROW) // 2
            texts.append(main[start : start + length].decode("cp1252", "replace"))
        else:
            texts.append(main[place : place + 2 * length].decode("utf-16-le", "replace"))
    return texts
