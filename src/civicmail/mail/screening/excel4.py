"""Workbooks of the binary format (MS-XLS): macro sheets of Excel 4 (BoundSheet8), the name Auto_Open, program links (SupBook)."""

from __future__ import annotations

import struct

from civicmail.mail.screening.file_scan import FileScan, Item
from civicmail.mail.screening.officefiles import COMMAND

_SHEET, _NAME, _LINK, _END = 0x0085, 0x0018, 0x01AE, 0x000A
_MACRO = 1  # dt of BoundSheet8
_BUILT_IN = 0x0020
_OPENS, _CLOSES = b"\x01", b"\x02"  # built-in names Auto_Open, Auto_Close
_BETWEEN = b"\x03"  # program and what it is asked, in the path of a link
_RECORDS = 20_000  # of the workbook's own part, which comes first


def find(stream: bytes, item: Item, scan: FileScan) -> None:
    """stream: the workbook. Reads only the globals."""
    macro = hidden = automatic = False
    at = 0
    for _ in range(_RECORDS):
        if at + 4 > len(stream):
            break
        kind, length = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _SHEET and len(body) >= 6 and body[5] == _MACRO:
            macro, hidden = True, hidden or body[4] & 3 != 0
        elif kind == _NAME and len(body) >= 16:
            automatic = automatic or _is_automatic(body)
        elif kind == _LINK and _BETWEEN in body and COMMAND.search(body.replace(b"\0", b"")):
            scan.note(item, "dde", "active", sure=90, mask="link")
        elif kind == _END:
            break
    if macro:
        words = ["xlm", *(["automatic"] if automatic else []), *(["hidden"] if hidden else [])]
        scan.note(item, "macros", "macros", sure=100 if automatic or hidden else 80, mask=" ".join(words))


def _is_automatic(body: bytes) -> bool:
    flags, count = struct.unpack_from("<H", body)[0], body[3]
    name = body[14 : 16 + 2 * count]
    if flags & _BUILT_IN:
        return name[1:2] in {_OPENS, _CLOSES} if name[:1] == b"\0" else name[:1] in {_OPENS, _CLOSES}
    return name.replace(b"\0", b"").lower().startswith((b"auto_open", b"auto_close"))
