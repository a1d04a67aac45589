"""OLE compound files (MS-CFB) by the streams they have: Word, Excel and PowerPoint 97 to 2003, Outlook messages, and packages that
are encrypted."""

from __future__ import annotations

import struct
from io import BytesIO

import olefile

from civicmail.core.message import hypertext
from civicmail.core.sandbox import oldword, sheets
from civicmail.core.sandbox.case import Case
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TYPE_UNKNOWN, Unreadable
from civicmail.core.sandbox.words import decoded

_PROPERTIES = ("title", "subject", "author", "keywords", "comments")
_MESSAGE_TEXTS = ("0037", "0C1A", "0C1F", "0E04", "0E03", "0E02", "1000", "3707", "3704", "3001", "3A00")
_PACKED = 0x0F  # a record of PowerPoint that holds records
_TEXT_WIDE, _TEXT_NARROW, _STRING = 0x0FA0, 0x0FA8, 0x0FBA
_RECORD = struct.Struct("<HHI")
_CURRENT_ENCRYPTED = b"\xdf\xc4\xd1\xf3"  # headerToken of CurrentUserAtom (MS-PPT 2.3.2)
_FILE_PASS = 0x002F  # a record of a workbook (MS-XLS 2.4.117)


def read(content: bytes, case: Case) -> None:
    try:
        file = olefile.OleFileIO(BytesIO(content))
    except (OSError, olefile.OleFileError, struct.error, IndexError):
        raise Unreadable(DAMAGED) from None
    with file:
        if file.exists("EncryptedPackage") or file.exists("EncryptedSummary"):
            raise Unreadable(ENCRYPTED)
        if file.exists("__properties_version1.0"):
            _message(file, case)
        elif file.exists("WordDocument"):
            case.text(oldword.text(file))
        elif file.exists("PowerPoint Document"):
            if file.exists("Current User") and file.openstream("Current User").read(20)[12:16] == _CURRENT_ENCRYPTED:
                raise Unreadable(ENCRYPTED)
            _slides(file.openstream("PowerPoint Document").read(), case)
        elif file.exists("Workbook") or file.exists("Book"):
            if _has_file_pass(file.openstream("Workbook" if file.exists("Workbook") else "Book").read(4096)):
                raise Unreadable(ENCRYPTED)
            sheets.cells(BytesIO(content), case)
        else:
            raise Unreadable(TYPE_UNKNOWN)
        about = file.get_metadata()
        for name in _PROPERTIES:
            value = getattr(about, name, None)
            if isinstance(value, bytes):
                case.text(decoded(value))


def _has_file_pass(stream: bytes) -> bool:
    """Whether one of the first records of a workbook says that the rest is encrypted."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _FILE_PASS:
            return True
        at += 4 + length
    return False


def _slides(stream: bytes, case: Case) -> None:
    """Text atoms of a presentation in their order (MS-PPT 2.9); containers are stepped into."""
    at, end = 0, len(stream)
    while at + _RECORD.size <= end:
        version, kind, length = _RECORD.unpack_from(stream, at)
        at += _RECORD.size
        if version & 0x0F == _PACKED:
            continue
        if kind in {_TEXT_WIDE, _STRING}:
            case.text(stream[at : at + length].decode("utf-16-le", "replace").replace("\r", "\n").replace("\x0b", "\n"))
        elif kind == _TEXT_NARROW:
            case.text(stream[at : at + length].decode("latin-1").replace("\r", "\n").replace("\x0b", "\n"))
        at += length
        case.budget.tick()


def _message(file: olefile.OleFileIO, case: Case) -> None:
    """A message of Outlook with its attachments, and with the messages among them (MS-OXMSG 2.1, 2.2)."""
    names: dict[str, str] = {}
    files: list[tuple[str, list[str]]] = []
    for path in file.listdir():
        folder, stream = "/".join(path[:-1]), path[-1]
        if not stream.startswith("__substg1.0_") or len(stream) != 20:
            continue
        tag, kind = stream[12:16].upper(), stream[16:20].upper()
        if tag == "3701" and kind == "0102":
            files.append((folder, path))
        elif tag in _MESSAGE_TEXTS and kind in {"001F", "001E"}:
            data = file.openstream(path).read()
            said = data.decode("utf-16-le", "replace") if kind == "001F" else decoded(data)
            case.text(said)
            if tag in {"3707", "3704"}:
                names.setdefault(folder, said)
        elif tag == "1013" and kind == "0102":
            case.text(hypertext.read(decoded(file.openstream(path).read())).visible)
    for folder, path in files:
        case.open(names.get(folder, "").rstrip("\0"), file.openstream(path).read())
