"""Outlook MSG files, and OFT templates, as items (MS-OXMSG): properties in the streams of an OLE compound file."""

from __future__ import annotations

import struct
from io import BytesIO

import olefile

from civicmail.core.message import mapi
from civicmail.core.message.mapi import Attachment, Item, Properties

type Path = tuple[str, ...]
type Names = dict[int, str]

_PROPERTIES = "__properties_version1.0"
_NAMED = "__nameid_version1.0"
_STREAM = "__substg1.0_"
_OBJECT = "__substg1.0_3701000D"
_EMBEDDED = 5  # PidTagAttachMethod: afEmbeddedMessage
_DEPTH = 8
_MANY = 10_000  # recipients or attachments of one item
_MAPI_SET, _STRINGS_SET = bytes.fromhex("2803020000000000c000000000000046"), bytes.fromhex("2903020000000000c000000000000046")


class NotMsg(Exception):
    """The compound file is no Outlook item: a document, a spreadsheet …"""


class _Tree:
    """The storages of a compound file: what lies in each."""

    def __init__(self, ole: olefile.OleFileIO) -> None:
        self.ole = ole
        self.inside: dict[Path, list[str]] = {}
        for found in ole.listdir(streams=True, storages=True):
            path = tuple(found)
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
        tree = _Tree(ole)
        if _PROPERTIES not in tree.inside.get((), ()):
            raise NotMsg
        return _item(tree, (), 32, _names(tree), 0)


def _item(tree: _Tree, at: Path, header: int, names: Names, depth: int) -> Item:
    item = Item(_properties(tree, at, header, names))
    inside = sorted(tree.inside.get(at, ()))
    for name in [name for name in inside if name.startswith("__recip_")][:_MANY]:
        item.recipients.append(_properties(tree, (*at, name), 8, names))
    for name in [name for name in inside if name.startswith("__attach_")][:_MANY]:
        place = (*at, name)
        attachment = Attachment(_properties(tree, place, 8, names))
        content = attachment.properties.pop(mapi.DATA, b"")
        attachment.content = content if isinstance(content, bytes) else b""
        if (*place, _OBJECT) in tree.inside and depth < _DEPTH:
            if mapi.number(attachment.properties, mapi.METHOD) == _EMBEDDED:
                attachment.item = _item(tree, (*place, _OBJECT), 24, names, depth + 1)
            else:  # an OLE object: its own content is what a reader can open
                attachment.content = max((tree.read((*place, _OBJECT, s)) for s in tree.inside[(*place, _OBJECT)]), key=len)
        item.attachments.append(attachment)
    return item


def _properties(tree: _Tree, at: Path, header: int, names: Names) -> Properties:
    """Fixed values from the table, the others from a stream each. Text in the code page of the item."""
    found: Properties = {}
    table = tree.read((*at, _PROPERTIES))
    texts: list[tuple[str, int, bytes]] = []
    for offset in range(header, len(table) - 15, 16):
        kind, number = struct.unpack_from("<HH", table, offset)
        if mapi.width(kind) and mapi.width(kind) <= 8:
            found[_key(number, names)] = mapi.value(kind, table[offset + 8 : offset + 16], "cp1252")
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
                many.setdefault(_key(number, names), []).append((name, kind & 0xEFFF, data))
        else:
            texts.append((_key(number, names), kind, data))
    codec = mapi.codec_of(mapi.number(found, mapi.CODEPAGE) or mapi.number(found, mapi.INTERNET_CODEPAGE))
    for key, kind, data in texts:
        found[key] = mapi.value(kind, data, codec)
    for key, values in many.items():
        found[key] = [mapi.value(kind, data, codec) for _, kind, data in sorted(values)]  # type: ignore[assignment]
    return found


def _key(number: int, names: Names) -> str:
    return names.get(number, mapi.key(number))


def _names(tree: _Tree) -> Names:
    """The names of properties from 0x8000 on (MS-OXMSG 2.2.3)."""
    sets = tree.read((_NAMED, "__substg1.0_00020102"))
    entries = tree.read((_NAMED, "__substg1.0_00030102"))
    strings = tree.read((_NAMED, "__substg1.0_00040102"))
    found: Names = {}
    for at in range(0, len(entries) - 7, 8):
        value, index, place = struct.unpack_from("<IHH", entries, at)
        which = index >> 1
        set_ = {1: _MAPI_SET, 2: _STRINGS_SET}.get(which, sets[(which - 3) * 16 : (which - 3) * 16 + 16])
        if len(set_) != 16:
            continue
        name: str | int = value
        if index & 1:
            size = int.from_bytes(strings[value : value + 4], "little")
            name = strings[value + 4 : value + 4 + size].decode("utf-16-le", "replace")
        found[0x8000 + place] = mapi.named(set_, name)
    return found
