"""Scan office documents that are one XML file: Word and Excel 2003, and flat packages. Embedded base64 data is scanned like a
part; macros, fields and references as in officefiles.py."""

from __future__ import annotations

import binascii
import re
from itertools import islice

from civicmail.core.filetype.text_types import narrowed
from civicmail.mail.screening import filelinks, officefiles
from civicmail.mail.screening.file_scan import FileScan, Item

MAX_BYTES = 16 << 20
_OFFICE = re.compile(rb"schemas[.-]microsoft[.-]com[:/]office|openxmlformats|mso-application", re.IGNORECASE)
_MACROS = re.compile(rb"macrosPresent\s*=\s*[\"']yes|editdata\.mso|vnd\.ms-office\.vbaProject", re.IGNORECASE)
_BLOB = re.compile(
    rb"<(?:w:binData\sw:name=\"([^\"<>]{1,200})\"[^<>]{0,200}|pkg:part\spkg:name=\"([^\"<>]{1,200})\"[^<>]{0,300}>\s*<pkg:binaryData)>"
    rb"([A-Za-z0-9+/=\s]*)<"
)
_CELL = re.compile(rb"<(?:\w{1,10}:)?(?:Path|DDEService|DDETopic)>[^<>]{0,300}", re.IGNORECASE)
_MAX_BLOBS = 500


def find(item: Item, scan: FileScan) -> None:
    """Raises Spent."""
    text = narrowed(item.content[:MAX_BYTES])
    if not _OFFICE.search(text, 0, 65_536):
        return
    scan.allowance.tick()
    if _MACROS.search(text):
        scan.note(item, "macros", "macros", sure=90, mask="xml")
    officefiles.fields(text, item, scan)
    officefiles.relations(text, item, scan)
    filelinks.fields(text.decode("utf-8", "replace"), item, scan)
    if any(officefiles.COMMAND.search(match[0]) for match in islice(_CELL.finditer(text), _MAX_BLOBS)):
        scan.note(item, "dde", "active", sure=90, mask="link")
    for match in islice(_BLOB.finditer(text), _MAX_BLOBS):
        try:
            data = binascii.a2b_base64(match[3])
        except binascii.Error:
            continue
        scan.allowance.member(item.depth + 1)
        scan.allowance.expand(len(data))
        scan.inside(item.member((match[1] or match[2]).decode("utf-8", "replace"), data), scan)
