"""Scan OLE compound files (MS-CFB): their kind, encryption, active content and embedded files."""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import suppress

import olefile

from civicmail.core.archives import compound_file
from civicmail.core.archives.errors import ENCRYPTED, Unreadable
from civicmail.core.filetype import file_names
from civicmail.core.filetype.containers import STREAMS
from civicmail.core.message import mapi
from civicmail.core.sandbox import msg, ole
from civicmail.mail.screening import excel4, filelinks, suspicious_files, vba
from civicmail.mail.screening.file_scan import FileScan, Item
from civicmail.mail.screening.officefiles import COMMAND

_EQUATIONS = frozenset({"0002CE02", "0002CE03", "0004A6B0", "00021700"})
_STORAGE, _HOLDS = 0x1011, 0x0F  # kind of a record; mark of one that holds others
_MAX_NATIVE = 64 << 20
_LABEL = 6  # where the name stands in a package
_FIELD = re.compile(
    rb"\x13[ \t]{0,20}DDE(?:AUTO)?[ \t][^\x13-\x15]{0,200}"
    rb"|\x13\0(?:[ \t]\0){0,20}D\0D\0E\0(?:A\0U\0T\0O\0)?[ \t]\0[^\x13-\x15]{0,400}",
    re.IGNORECASE,
)
"""A DDE field of Word, in one or two bytes a letter (MS-DOC 2.8.25)."""
_LEGACY = frozenset({"doc", "xls", "ppt", "vsd"})
_LINKS = ("\x03LinkInfo", "\x01Ole10ItemName")


def find(item: Item, scan: FileScan) -> str:
    """Scan the file; return its kind. Raises Spent."""
    try:
        file = compound_file.opened(item.content)
    except Unreadable as error:
        scan.unread(item, error.why)
        return "ole"
    with file:
        kind = compound_file.file_type(file).name
        scan.guarded(item, lambda: _inside(kind, file, item, scan), None)
    return kind


def _inside(kind: str, file: olefile.OleFileIO, item: Item, scan: FileScan) -> None:
    """Scan the streams. Raises Unreadable, Spent."""
    scan.allowance.member(item.depth)
    paths = [tuple(path) for path in file.listdir(streams=True, storages=False)]
    sealed = _sealed(file)
    vba.find(file, paths, item, scan)
    if kind == "doc" and (match := _FIELD.search(file.openstream("WordDocument").read())):
        command = COMMAND.search(match[0].replace(b"\0", b""))
        scan.note(item, "dde", "active", sure=95 if command else 80, mask="field")
    if kind == "xls":
        excel4.find(file.openstream("Workbook" if file.exists("Workbook") else "Book").read(), item, scan)
    for path in paths:
        scan.allowance.tick()
        if path[-1] == msg.PACKAGE:
            _package(file, path, item, scan)
        elif path[-1] in _LINKS and len(path) > 1:
            scan.note(item, "object-link", sure=40)
    _objects(file, item, scan)
    for name, type_name in STREAMS:
        if type_name == kind in _LEGACY and file.exists(name):
            filelinks.legacy_office(file.openstream(name).read(), item, scan)
    if kind == "ppt":
        _slides(file.openstream("PowerPoint Document").read(), item, scan)
    if kind == "msg":
        _letter(file, item, scan)
    if sealed:
        raise Unreadable(ENCRYPTED)


def _sealed(file: olefile.OleFileIO) -> bool:
    try:
        return ole.is_sealed(file)
    except (Unreadable, OSError, struct.error, IndexError):
        return False


def _package(file: olefile.OleFileIO, path: tuple[str, ...], item: Item, scan: FileScan) -> None:
    """Scan a file that Windows packed into the document; a double click opens it."""
    stream = file.openstream(list(path)).read()
    try:
        name, content = msg.package(stream)
    except (ValueError, struct.error):
        name, content = "", b""
    if not content or name == "":
        if file_names.read(stream[_LABEL:].partition(b"\0")[0].decode("cp1252", "replace")).program:
            scan.note(item, "package", "active", sure=80, mask="link")
            return
        scan.note(item, "object", sure=40, mask="native")  # an object of a program of its own, like an equation
        return
    harmful = suspicious_files.is_harmful(name, content)
    scan.note(item, "package", "active" if harmful else "", sure=80 if harmful else 30)
    scan.allowance.member(item.depth + 1)
    scan.inside(item.member(name, content[:_MAX_NATIVE]), scan)


def _slides(stream: bytes, item: Item, scan: FileScan) -> None:
    """Scan the storages of a presentation, macros included: records with a compressed compound file (MS-PPT 2.10.35)."""
    at = 0
    while at + 8 <= len(stream):
        scan.allowance.tick()
        version, kind, length = struct.unpack_from("<HHI", stream, at)
        at += 8
        if kind == _STORAGE:
            body = stream[at : at + length]
            if version >> 4 == 1:
                with suppress(zlib.error):
                    body = zlib.decompressobj().decompress(body[4:], _MAX_NATIVE)
            scan.allowance.member(item.depth + 1)
            scan.allowance.expand(len(body))
            scan.inside(item.member("object", body), scan)
        at += 0 if version & 0x0F == _HOLDS else length


def _objects(file: olefile.OleFileIO, item: Item, scan: FileScan) -> None:
    """Note embedded objects whose program runs what it is given."""
    for path in file.listdir(streams=False, storages=True):
        clsid = str(file.getclsid(path) or "")[:8].upper()
        if clsid in _EQUATIONS:
            scan.note(item, "object", sure=40, mask="equation")


def _letter(file: olefile.OleFileIO, item: Item, scan: FileScan) -> None:
    """Scan the files of an Outlook item and of items inside it."""
    scan.guarded(item, lambda: _attached(msg.item(file), item, scan), None)


def _attached(mapi_item: mapi.Item, item: Item, scan: FileScan) -> None:
    for attachment in mapi_item.attachments:
        if attachment.item is not None:
            inner = item.member("item.msg", b"")
            scan.allowance.member(inner.depth)
            _attached(attachment.item, inner, scan)
        elif attachment.content:
            scan.allowance.member(item.depth + 1)
            scan.inside(item.member(attachment.filename, attachment.content), scan)
