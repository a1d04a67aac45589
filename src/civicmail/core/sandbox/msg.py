"""Read Outlook MSG files and OFT templates as items (MS-OXMSG): properties in the streams of an OLE compound file."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO

import olefile

from civicmail.core.message import mapi, mapi_names
from civicmail.core.message.mapi import Attachment, Item, Properties
from civicmail.core.message.mapi_names import Names

type Path = tuple[str, ...]

_PROPERTIES = "__properties_version1.0"
_NAMED = "__nameid_version1.0"
_STREAM = "__substg1.0_"
_OBJECT = "__substg1.0_3701000D"
PACKAGE = "\x01Ole10Native"
_EMBEDDED = 5  # PidTagAttachMethod: afEmbeddedMessage
_DEPTH = 8
_MANY = 10_000  # recipients or attachments of one item


class NotMsg(Exception):
    """The compound file is no Outlook item: a document, a spreadsheet …"""


class _Tree:
    """The storages of a compound file, with the content of each."""

    def __init__(self, ole: olefile.OleFileIO) -> None:
        self.ole = ole
        self.inside: dict[Path, list[str]] = {}
        for entry in ole.listdir(streams=True, storages=True):
            path = tuple(entry)
            self.inside.setdefault(path[:-1], []).append(path[-1])

    def read(self, path: Path) -> bytes:
        try:
            with self.ole.openstream(list(path)) as stream:
                data: bytes = stream.read()
                return data
        except OSError:
            return b""


def read(content: bytes) -> Item:
    """Raises NotMsg, or OSError and ValueErrors of the compound file when it is broken."""
    with olefile.OleFileIO(BytesIO(content)) as ole:
        return item(ole)


def item(ole: olefile.OleFileIO) -> Item:
    """The same of a compound file that is open."""
    tree = _Tree(ole)
    if _PROPERTIES not in tree.inside.get((), ()):
        raise NotMsg
    return _item(tree, (), 32, _names(tree), 0)


def _item(tree: _Tree, at: Path, header: int, named: Names, depth: int) -> Item:
    item = Item(_properties(tree, at, header, named))
    inside = sorted(tree.inside.get(at, ()))
    for name in [name for name in inside if name.startswith("__recip_")][:_MANY]:
        item.recipients.append(_properties(tree, (*at, name), 8, named))
    for name in [name for name in inside if name.startswith("__attach_")][:_MANY]:
        place = (*at, name)
        attachment = Attachment(_properties(tree, place, 8, named))
        content = attachment.properties.pop(mapi.DATA, b"")
        attachment.content = content if isinstance(content, bytes) else b""
        if (*place, _OBJECT) in tree.inside and depth < _DEPTH:
            if mapi.number(attachment.properties, mapi.METHOD) == _EMBEDDED:
                attachment.item = _item(tree, (*place, _OBJECT), 24, named, depth + 1)
            else:
                _object(tree, (*place, _OBJECT), attachment)
        item.attachments.append(attachment)
    return item


def _object(tree: _Tree, at: Path, attachment: Attachment) -> None:
    """An OLE object: the file that was packed in it, or the stream with most in it, which is what a reader can open."""
    streams = {name: tree.read((*at, name)) for name in tree.inside[at]}
    attachment.content = max(streams.values(), key=len)
    if PACKAGE in streams:
        with suppress(ValueError, struct.error):
            name, attachment.content = package(streams[PACKAGE])
            attachment.properties.setdefault(mapi.FILENAME, name)


def package(stream: bytes) -> tuple[str, bytes]:
    """(name, content) of a file that Windows packed into an object (MS-OLEDS 2.3.6). Raises ValueError or struct.error."""
    end = stream.index(b"\0", 6)
    label = stream[6:end].decode("cp1252", "replace")
    end = stream.index(b"\0", end + 1) + 1  # the path that it had
    (path,) = struct.unpack_from("<I", stream, end + 4)
    (size,) = struct.unpack_from("<I", stream, end + 8 + path)
    start = end + 12 + path
    return label, stream[start : start + size]


def _properties(tree: _Tree, at: Path, header: int, named: Names) -> Properties:
    """Fixed values from the table, the others from a stream each. Text in the code page of the item."""
    properties: Properties = {}
    table = tree.read((*at, _PROPERTIES))
    texts: list[tuple[str, int, bytes]] = []
    for offset in range(header, len(table) - 15, 16):
        kind, number = struct.unpack_from("<HH", table, offset)
        if mapi.width(kind) and mapi.width(kind) <= 8:
            properties[_key(number, named)] = mapi.value(kind, table[offset + 8 : offset + 16], "cp1252")
    many: dict[str, list[tuple[str, int, bytes]]] = {}
    for name in tree.inside.get(at, ()):
        if not name.startswith(_STREAM) or (*at, name) in tree.inside or len(name) < 20:
            continue
        try:
            number, kind = int(name[12:16], 16), int(name[16:20], 16)
        except ValueError:
            continue
        data = tree.read((*at, name))
        if kind & 0x1000:
            if name[20:21] == "-":
                many.setdefault(_key(number, named), []).append((name, kind & 0xEFFF, data))
        else:
            texts.append((_key(number, named), kind, data))
    codec = mapi.codec_of(mapi.number(properties, mapi.CODEPAGE) or mapi.number(properties, mapi.INTERNET_CODEPAGE))
    for key, kind, data in texts:
        properties[key] = mapi.value(kind, data, codec)
    for key, values in many.items():
        properties[key] = [mapi.value(kind, data, codec) for _, kind, data in sorted(values)]  # type: ignore[assignment]  # several values
    return properties


def _key(number: int, named: Names) -> str:
    return named.get(number, mapi.key(number))


def _names(tree: _Tree) -> Names:
    """The names of properties from 0x8000 on (MS-OXMSG 2.2.3)."""
    sets, entries, strings = (tree.read((_NAMED, f"__substg1.0_{number}0102")) for number in ("0002", "0003", "0004"))
    return mapi_names.read(sets, entries, strings)
