"""Scan Visual Basic macros in compound files (MS-OVBA): whether there is code, and whether it starts automatically.

An Excel file of the nineties has an empty module for each sheet: attributes alone are no macro. A module whose source was removed
but whose compiled form remains still runs ("stomped"); its size reveals it.
"""

from __future__ import annotations

import re
import struct

import olefile

from civicmail.mail.screening.file_scan import FileScan, Item

type Path = tuple[str, ...]

MAX_SOURCE = 256 << 10
"""Bytes of one module's source that are read."""
_MAX_MODULES = 200
_CONTROL = 1_024  # bytes that a form's control takes in it
_STOMPED = 4_096  # bytes of a compiled form that an empty module never has
_START = re.compile(rb"\x01..\x00Attribut", re.DOTALL)
_QUIET = re.compile(rb"^\s*(?:Attribute\s.*|Option\s+\w+.*|'.*|Rem\b.*)?$", re.IGNORECASE)
_ITSELF = re.compile(
    rb"\b(?:Auto_?(?:Open|Close|Exec|Exit|New)|Document_?(?:Open|Close|New|BeforeClose)|Workbook_?(?:Open|Activate|BeforeClose)"
    rb"|\w{1,100}_(?:Painted|Layout)|Presentation_?Open|OnSlideShow\w{1,20})\s*\(",
    re.IGNORECASE,
)
_STARTS = re.compile(
    rb"\bShell\b|CreateObject|GetObject|WScript|PowerShell|URLDownloadToFile|\bDeclare\s+(?:PtrSafe\s+)?(?:Sub|Function)\b|CallByName|\.Run\b",
    re.IGNORECASE,
)


def find(file: olefile.OleFileIO, paths: list[Path], item: Item, scan: FileScan) -> None:
    """Scan the macros. paths: of all streams. Raises Spent."""
    modules = [p for p in paths if len(p) > 1 and p[-2].upper() == "VBA" and p[-1].lower() not in {"dir", "_vba_project"}]
    if not modules:
        if any(path[-1].upper() == "_VBA_PROJECT" or path[-2:-1] == ("VBA",) for path in paths):
            scan.note(item, "macros", "macros", sure=60, mask="vba no-modules")
        return
    signs: dict[str, None] = {}
    for path in modules[:_MAX_MODULES]:
        scan.allowance.tick()
        if path[-1].startswith("__SRP_"):
            continue
        signs.update(dict.fromkeys(_module(file.openstream(list(path)).read())))
    if not signs:
        return
    sure = 100 if "automatic" in signs else 70 if signs == {"stomped": None} else 90
    scan.note(item, "macros", "macros", sure=sure, mask=" ".join(("vba", *signs)))


def _module(stream: bytes) -> tuple[str, ...]:
    """Words for the contents of a module; none if it is empty."""
    start = _START.search(stream)
    if start is None:
        return ("unread",) if len(stream) > _STOMPED else ()
    source = expanded(stream[start.start() :], MAX_SOURCE)
    lines = source.replace(b"\r", b"\n").split(b"\n")
    code = b"\n".join([line for line in lines if not _QUIET.match(line)])
    if not code.strip():
        most = _STOMPED + _CONTROL * source.count(b"VB_Control")
        return ("stomped",) if start.start() > most else ()
    words = ["code"]
    if _ITSELF.search(code):
        words.append("automatic")
    if _STARTS.search(code):
        words.append("starts-programs")
    return tuple(words)


def expanded(data: bytes, most: int) -> bytes:
    """Decompress a module (MS-OVBA 2.4.1), as far as it is intact. Never raises."""
    out = bytearray()
    at = 1
    while at + 2 <= len(data) and len(out) < most:
        header = struct.unpack_from("<H", data, at)[0]
        if header >> 12 & 7 != 3:
            break
        end = min(at + 3 + (header & 0x0FFF), len(data))
        at += 2
        if header & 0x8000:
            _chunk(data, at, end, out)
        else:
            out += data[at:end]
        at = end
    return bytes(out)


def _chunk(data: bytes, at: int, end: int, out: bytearray) -> None:
    """Decompress one chunk: tokens in groups of eight after a byte of flags; offsets of copy tokens grow with the position."""
    start = len(out)
    while at < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                return
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            if at + 2 > end:
                return
            token = struct.unpack_from("<H", data, at)[0]
            at += 2
            bits = max(4, (len(out) - start - 1).bit_length())
            length = (token & (0xFFFF >> bits)) + 3
            place = len(out) - (token >> (16 - bits)) - 1
            if place < start:
                return
            for n in range(length):
                out.append(out[place + n])
