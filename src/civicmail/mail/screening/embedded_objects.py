"""Scan files that embed objects of other programs: RTF (objects, remote templates) and OneNote (files), and tables with
formulas."""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import suppress
from itertools import islice

from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.text_types import narrowed
from civicmail.core.filetype.types import PROGRAMS
from civicmail.mail.screening import filelinks
from civicmail.mail.screening.file_scan import FileScan, Item

LOOKED = 32 << 20
_HEX_LOOK = 4_096  # letters of an object's data
_OBJECT = re.compile(rb"\\objdata\b")
_UPDATED = re.compile(rb"\\obj(?:update|autlink|ocx)\b")
_TEMPLATE = re.compile(rb"\\\*\s*\\template\s+(?:https?:|ftp:|\\\\\\\\)", re.IGNORECASE)
_DDE = re.compile(rb"\\\*\s*\\fldinst[^\\]{0,20}(?:\\[a-z0-9]++\s?+|[{}]|\s){0,20}+(?:DDEAUTO|DDE)\s", re.IGNORECASE)
_NOT_HEX = re.compile(rb"\\[a-z]+-?\d*\s?|[^0-9a-fA-F]")
_STARTS = re.compile(rb"\b(?:cmd|powershell|mshta|rundll32|regsvr32|wscript|cscript|msexcel|dde)(?:\.exe)?\"?'?\|", re.IGNORECASE)
_FORMULA = re.compile(rb"(?:^|[\r\n,;\t\"])\s{0,20}[=+@-][^\r\n|]{0,60}\Z")
_BEFORE, _MAX_CELLS = 90, 1_000
_SYLK_MACRO = re.compile(rb"^O;(?:[^\r\n;]{0,40};){0,10}E\s*(?:;|$)", re.MULTILINE)
_CLASSES = (b"package", b"equation", b"otkloadr", b"htmlfile", b"scriptletfile")
_FILE_MARK = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
_MAX_FILES = 100
_MSO_AT = 0x32


def rich_text(item: Item, scan: FileScan) -> str:
    text = item.content[:LOOKED]
    scan.allowance.tick()
    filelinks.rich_text(text, item, scan)
    if _TEMPLATE.search(text):
        scan.note(item, "external", "active", sure=90, mask="template")
    if _DDE.search(text):
        scan.note(item, "dde", "active", sure=80, mask="field")
    updated = any(_is_control(text, match.start()) for match in islice(_UPDATED.finditer(text), _MAX_FILES))
    for match in islice(_OBJECT.finditer(text), _MAX_FILES):
        raw = _NOT_HEX.sub(b"", text[match.end() : match.end() + 2 * _HEX_LOOK])
        data = bytes.fromhex(raw[: len(raw) & ~1].decode())
        named = next((word for word in _CLASSES if word in data[:200].lower()), b"")
        if named or updated:
            scan.note(item, "object", "active", sure=85 if named else 60, mask=named.decode() or "updated")
        else:
            scan.note(item, "object", sure=20)
    return "rtf"


def _is_control(text: bytes, at: int) -> bool:
    """Whether the backslash begins a control word; an escaped one has another before it."""
    before = text[max(0, at - _BEFORE) : at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 0


def notes(item: Item, scan: FileScan) -> str:
    """Scan the files inside OneNote (MS-ONESTORE 2.6.13)."""
    scan.note(item, "onenote", "active", sure=80)
    at, content = 0, item.content
    for _ in range(_MAX_FILES):
        at = content.find(_FILE_MARK, at)
        if at < 0 or at + 36 > len(content):
            break
        size = struct.unpack_from("<Q", content, at + 16)[0]
        data = content[at + 36 : at + 36 + min(size, len(content))]
        at += 36
        scan.allowance.member(item.depth + 1)
        scan.allowance.expand(len(data))
        true = identify(data).name
        scan.inside(item.member(f"file.{true}" if true in PROGRAMS else "", data), scan)
    return "one"


def table(item: Item, scan: FileScan, true: str) -> str:
    """Scan a table as text (CSV, SYLK): cells that start a program, and Excel 4 macros that SYLK declares."""
    text = narrowed(item.content[:LOOKED])
    scan.allowance.tick()
    cells = islice(_STARTS.finditer(text), _MAX_CELLS)
    if any(_FORMULA.search(text[max(0, match.start() - _BEFORE) : match.start()]) for match in cells):
        scan.note(item, "dde", "active", sure=90, mask="cell")
    if true == "slk" and _SYLK_MACRO.search(text):
        scan.note(item, "macros", "macros", sure=85, mask="sylk")
    return true


def active_mime(item: Item, scan: FileScan) -> str:
    """Scan the macros of a document saved as web page or XML (editdata.mso): a compressed compound file."""
    with suppress(zlib.error):
        data = zlib.decompressobj().decompress(item.content[_MSO_AT:], LOOKED)
        scan.allowance.expand(len(data))
        scan.allowance.member(item.depth + 1)
        scan.inside(item.member("editdata", data), scan)
    scan.note(item, "macros", "macros", sure=80, mask="mso")
    return "mso"
