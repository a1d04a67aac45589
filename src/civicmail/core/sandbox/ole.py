"""OLE compound files (MS-CFB) by the streams they have: Word, Excel and PowerPoint 97 to 2003, Outlook messages, and packages that
are encrypted."""

from __future__ import annotations

import struct
from io import BytesIO

import olefile

from civicmail.core.archives import compound_file
from civicmail.core.archives.errors import ENCRYPTED, TYPE_UNKNOWN, Unreadable
from civicmail.core.message import outlook_message
from civicmail.core.sandbox import msg, spreadsheet, text_files, word97
from civicmail.core.sandbox.extraction import Extraction
from civicmail.core.sandbox.text_files import decoded

_PROPERTIES = ("title", "subject", "author", "keywords", "comments")
_PACKED = 0x0F  # a record of PowerPoint that holds records
_TEXT_WIDE, _TEXT_NARROW, _STRING = 0x0FA0, 0x0FA8, 0x0FBA
_RECORD = struct.Struct("<HHI")
_CURRENT_ENCRYPTED = b"\xdf\xc4\xd1\xf3"  # headerToken of CurrentUserAtom (MS-PPT 2.3.2)
_FILE_PASS = 0x002F  # a record of a workbook (MS-XLS 2.4.117)


def read(content: bytes, extraction: Extraction) -> None:
    with compound_file.opened(content) as file:
        if is_sealed(file):
            raise Unreadable(ENCRYPTED)
        if file.exists("__properties_version1.0"):
            text_files.message(outlook_message.message(msg.item(file)), extraction)
        elif file.exists(msg.PACKAGE):
            extraction.open(*msg.package(file.openstream(msg.PACKAGE).read()))
        elif file.exists("WordDocument"):
            extraction.text(word97.text(file))
        elif file.exists("PowerPoint Document"):
            _slides(file.openstream("PowerPoint Document").read(), extraction)
        elif file.exists("Workbook") or file.exists("Book"):
            spreadsheet.cells(BytesIO(content), extraction)
        else:
            raise Unreadable(TYPE_UNKNOWN)
        about = file.get_metadata()
        for name in _PROPERTIES:
            value = getattr(about, name, None)
            if isinstance(value, bytes):
                extraction.text(decoded(value))


def is_sealed(file: olefile.OleFileIO) -> bool:
    """Whether it cannot be read without a password: an encrypted package, or the mark of each old format."""
    if file.exists("EncryptedPackage") or file.exists("EncryptedSummary"):
        return True
    if file.exists("WordDocument"):
        return word97.is_sealed(file)
    if file.exists("PowerPoint Document"):
        return bool(file.exists("Current User")) and file.openstream("Current User").read(20)[12:16] == _CURRENT_ENCRYPTED
    book = "Workbook" if file.exists("Workbook") else "Book"
    return bool(file.exists(book)) and _has_file_pass(file.openstream(book).read(4096))


def _has_file_pass(stream: bytes) -> bool:
    """Whether one of the first records of a workbook marks the rest as encrypted."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _FILE_PASS:
            return True
        at += 4 + length
    return False


def _slides(stream: bytes, extraction: Extraction) -> None:
    """Text atoms of a presentation in their order (MS-PPT 2.9); containers are stepped into."""
    at, end = 0, len(stream)
    while at + _RECORD.size <= end:
        version, kind, length = _RECORD.unpack_from(stream, at)
        at += _RECORD.size
        if version & 0x0F == _PACKED:
            continue
        if kind in {_TEXT_WIDE, _STRING}:
            extraction.text(stream[at : at + length].decode("utf-16-le", "replace").replace("\r", "\n").replace("\x0b", "\n"))
        elif kind == _TEXT_NARROW:
            extraction.text(stream[at : at + length].decode("latin-1").replace("\r", "\n").replace("\x0b", "\n"))
        at += length
        extraction.budget.tick()
