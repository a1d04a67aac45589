"""OLE compound files (MS-CFB): what they are by class and streams, whether they are sealed, what acts in them, what is packed into
them."""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import suppress

import olefile

from civicmail.core.message import mapi
from civicmail.core.sandbox import msg, ole
from civicmail.core.sandbox.errors import ENCRYPTED, Unreadable
from civicmail.mail.screening import compound, excel4, filelinks, suspects, truenames, vba
from civicmail.mail.screening.looking import Item, Look
from civicmail.mail.screening.officefiles import COMMAND

_CLASSES = {
    "000C1084": "msi",
    "000C1082": "msi",
    "000C1086": "msi",
    "0003000C": "package",
}
_EQUATIONS = frozenset({"0002CE02", "0002CE03", "0004A6B0", "00021700"})
_STREAMS = (("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"), ("VisioDocument", "vsd"))
_STORAGE, _HOLDS = 0x1011, 0x0F  # kind of a record; mark of one that holds others
_NATIVE_MOST = 64 << 20
_LABEL = 6  # where the name stands in a package
_FIELD = re.compile(
    rb"\x13[ \t]{0,20}DDE(?:AUTO)?[ \t][^\x13-\x15]{0,200}"
    rb"|\x13\0(?:[ \t]\0){0,20}D\0D\0E\0(?:A\0U\0T\0O\0)?[ \t]\0[^\x13-\x15]{0,400}",
    re.IGNORECASE,
)
"""A field of Word that asks another program, its text one or two bytes a letter (MS-DOC 2.8.25)."""
_LINKS = ("\x03LinkInfo", "\x01Ole10ItemName")


def find(item: Item, look: Look) -> str:
    """Look into it; what it is. Raises Spent."""
    try:
        file = compound.opened(item.content)
    except Unreadable as error:
        look.unread(item, error.why)
        return "ole"
    with file:
        kind = _kind(file)
        look.careful(item, lambda: _inside(kind, file, item, look), None)
    return kind


def _kind(file: olefile.OleFileIO) -> str:
    for name, word in _STREAMS:
        if file.exists(name):
            return word
    if file.exists("__properties_version1.0"):
        return "msg"
    if file.exists("EncryptedPackage"):
        return "ooxml-encrypted"
    return _CLASSES.get(str(getattr(file.root, "clsid", "") or "")[:8].upper(), "ole")


def _inside(kind: str, file: olefile.OleFileIO, item: Item, look: Look) -> None:
    """Raises Unreadable, Spent."""
    look.allowance.member(item.depth)
    paths = [tuple(path) for path in file.listdir(streams=True, storages=False)]
    sealed = _sealed(file)
    vba.find(file, paths, item, look)
    if kind == "doc" and (found := _FIELD.search(file.openstream("WordDocument").read())):
        command = COMMAND.search(found[0].replace(b"\0", b""))
        look.note(item, "dde", "active", sure=95 if command else 80, mask="field")
    if kind == "xls":
        excel4.find(file.openstream("Workbook" if file.exists("Workbook") else "Book").read(), item, look)
    for path in paths:
        look.allowance.tick()
        if path[-1] == msg.PACKAGE:
            _package(file, path, item, look)
        elif path[-1] in _LINKS and len(path) > 1:
            look.note(item, "object-link", sure=40)
    _objects(file, item, look)
    for name, word in _STREAMS:
        if word == kind and file.exists(name):
            filelinks.old(file.openstream(name).read(), item, look)
    if kind == "ppt":
        _slides(file.openstream("PowerPoint Document").read(), item, look)
    if kind == "msg":
        _letter(file, item, look)
    if sealed:
        raise Unreadable(ENCRYPTED)


def _sealed(file: olefile.OleFileIO) -> bool:
    try:
        return ole.is_sealed(file)
    except (Unreadable, OSError, struct.error, IndexError):
        return False


def _package(file: olefile.OleFileIO, path: tuple[str, ...], item: Item, look: Look) -> None:
    """A file that Windows packed into the document; a double click opens it."""
    stream = file.openstream(list(path)).read()
    try:
        name, content = msg.package(stream)
    except (ValueError, struct.error):
        name, content = "", b""
    if not content or name == "":
        if truenames.read(stream[_LABEL:].partition(b"\0")[0].decode("cp1252", "replace")).program:
            look.note(item, "package", "active", sure=80, mask="link")
            return
        look.note(item, "object", sure=40, mask="native")  # an object of a program of its own, like an equation
        return
    harmful = suspects.is_harmful(name, content)
    look.note(item, "package", "active" if harmful else "", sure=80 if harmful else 30)
    look.allowance.member(item.depth + 1)
    look.inside(item.member(name, content[:_NATIVE_MOST]), look)


def _slides(stream: bytes, item: Item, look: Look) -> None:
    """Storages inside a presentation, its macros among them: records that hold a packed compound file (MS-PPT 2.10.35)."""
    at = 0
    while at + 8 <= len(stream):
        look.allowance.tick()
        version, kind, length = struct.unpack_from("<HHI", stream, at)
        at += 8
        if kind == _STORAGE:
            body = stream[at : at + length]
            if version >> 4 == 1:
                with suppress(zlib.error):
                    body = zlib.decompressobj().decompress(body[4:], _NATIVE_MOST)
            look.allowance.member(item.depth + 1)
            look.allowance.expand(len(body))
            look.inside(item.member("object", body), look)
        at += 0 if version & 0x0F == _HOLDS else length


def _objects(file: olefile.OleFileIO, item: Item, look: Look) -> None:
    """Classes of embedded objects whose program runs what it is given."""
    for path in file.listdir(streams=False, storages=True):
        clsid = str(file.getclsid(path) or "")[:8].upper()
        if clsid in _EQUATIONS:
            look.note(item, "object", sure=40, mask="equation")


def _letter(file: olefile.OleFileIO, item: Item, look: Look) -> None:
    """The files of an Outlook item, those of items inside it too."""
    look.careful(item, lambda: _attached(msg.item(file), item, look), None)


def _attached(found: mapi.Item, item: Item, look: Look) -> None:
    for attachment in found.attachments:
        if attachment.item is not None:
            inner = item.member("item.msg", b"")
            look.allowance.member(inner.depth)
            _attached(attachment.item, inner, look)
        elif attachment.content:
            look.allowance.member(item.depth + 1)
            look.inside(item.member(attachment.filename, attachment.content), look)
