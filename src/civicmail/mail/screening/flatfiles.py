"""An office document that is one XML file: Word and Excel 2003, and packages written flat. What is packed into it as base64 is
looked at like a part; macros, fields and references are read as in officefiles.py."""

from __future__ import annotations

import binascii
import re
from itertools import islice

from civicmail.mail.screening import filelinks, officefiles
from civicmail.mail.screening.looking import Item, Look
from civicmail.mail.screening.truetypes import wide

LOOKED = 16 << 20
_OFFICE = re.compile(rb"schemas[.-]microsoft[.-]com[:/]office|openxmlformats|mso-application", re.IGNORECASE)
_MACROS = re.compile(rb"macrosPresent\s*=\s*[\"']yes|editdata\.mso|vnd\.ms-office\.vbaProject", re.IGNORECASE)
_BLOB = re.compile(
    rb"<(?:w:binData\sw:name=\"([^\"<>]{1,200})\"[^<>]{0,200}|pkg:part\spkg:name=\"([^\"<>]{1,200})\"[^<>]{0,300}>\s*<pkg:binaryData)>"
    rb"([A-Za-z0-9+/=\s]*)<"
)
_CELL = re.compile(rb"<(?:\w{1,10}:)?(?:Path|DDEService|DDETopic)>[^<>]{0,300}", re.IGNORECASE)
_BLOBS_MOST = 500


def find(item: Item, look: Look) -> None:
    """Raises Spent."""
    text = wide(item.content[:LOOKED])
    if not _OFFICE.search(text, 0, 65_536):
        return
    look.allowance.tick()
    if _MACROS.search(text):
        look.note(item, "macros", "macros", sure=90, mask="xml")
    officefiles.fields(text, item, look)
    officefiles.relations(text, item, look)
    filelinks.fields(text.decode("utf-8", "replace"), item, look)
    if any(officefiles.COMMAND.search(found[0]) for found in islice(_CELL.finditer(text), _BLOBS_MOST)):
        look.note(item, "dde", "active", sure=90, mask="link")
    for found in islice(_BLOB.finditer(text), _BLOBS_MOST):
        try:
            data = binascii.a2b_base64(found[3])
        except binascii.Error:
            continue
        look.allowance.member(item.depth + 1)
        look.allowance.expand(len(data))
        look.inside(item.member((found[1] or found[2]).decode("utf-8", "replace"), data), look)
