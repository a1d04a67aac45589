"""Read TNEF, the winmail.dat of Outlook and Exchange, as an item (MS-OXTNEF). Pure, linear."""

from __future__ import annotations

import struct

from civicmail.core.filetype.types import TYPES
from civicmail.core.message import limits, mapi
from civicmail.core.message.mapi import Attachment, Item, Properties

(SIGNATURE,) = TYPES["tnef"].starts
_SUBJECT, _BODY, _CLASS, _MESSAGE_ID = 0x8004, 0x800C, 0x8008, 0x8009
_DATA, _TITLE, _META, _RENDERED, _ATTACHED = 0x800F, 0x8010, 0x8011, 0x9002, 0x9005
_PROPERTIES, _RECIPIENTS, _CODEPAGE = 0x9003, 0x9004, 0x9007
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_TEXTS = {_SUBJECT: mapi.SUBJECT, _BODY: mapi.BODY, _CLASS: mapi.CLASS}
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage: the object is a TNEF stream of its own


class _Short(Exception):
    """The stream ends inside a value."""


class _Reader:
    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise _Short
        self.at += count
        return self.data[self.at - count : self.at]

    def u32(self) -> int:
        return int(struct.unpack("<I", self.take(4))[0])

    def padded(self, count: int) -> bytes:
        data = self.take(count)
        self.at = min(len(self.data), self.at + -count % 4)
        return data


def read(data: bytes, depth: int = 0) -> Item:
    """The item of a TNEF stream; damaged values are omitted and named in `broken`. Never raises."""
    item = Item()
    codec = "cp1252"
    reader = _Reader(data)
    reader.at = 6  # signature and key
    if not data.startswith(SIGNATURE):
        item.broken = "it does not begin like TNEF"
        return item
    try:
        while reader.at < len(data):
            level = reader.take(1)[0]
            if level not in (1, 2):
                item.broken = "it has garbage after its last attribute"
                break
            kind = reader.u32() & 0xFFFF
            value = reader.take(reader.u32())
            reader.take(2)  # checksum: senders get it wrong
            if kind == _CODEPAGE:
                codec = mapi.codec_of(int.from_bytes(value[:4], "little"))
            elif kind == _RENDERED:
                item.attachments.append(Attachment())
            elif level == 2:
                if not item.attachments:
                    item.attachments.append(Attachment())
                _attachment(item.attachments[-1], kind, value, codec, depth)
            else:
                _message(item, kind, value, codec)
    except _Short:
        item.broken = "it ends too early"
    return item


def _message(item: Item, kind: int, value: bytes, codec: str) -> None:
    if kind in _TEXTS:
        item.properties.setdefault(_TEXTS[kind], value.decode(codec, "replace").rstrip("\0"))
    elif kind == _PROPERTIES:
        reader = _Reader(value)
        item.properties.update(_properties(reader, codec))
    elif kind == _RECIPIENTS:
        reader = _Reader(value)
        for _ in range(min(reader.u32(), limits.ADDRESSES)):
            item.recipients.append(_properties(reader, codec))


def _attachment(attachment: Attachment, kind: int, value: bytes, codec: str, depth: int) -> None:
    if kind == _DATA:
        attachment.content = value
    elif kind == _TITLE:
        attachment.properties.setdefault(mapi.SHORT_FILENAME, value.decode(codec, "replace").rstrip("\0"))
    elif kind == _ATTACHED:
        attachment.properties.update(_properties(_Reader(value), codec))
        data = attachment.properties.pop(mapi.DATA, b"")
        if not isinstance(data, bytes) or not data:
            return
        if data.startswith(_EMBEDDED) and data[16:20] == SIGNATURE and depth < limits.TNEF_DEPTH:
            attachment.item = read(data[16:], depth + 1)
        elif not attachment.content:
            attachment.content = data[16:]


def _properties(reader: _Reader, codec: str) -> Properties:
    """A list of properties; the codec of the item itself, where it has one, comes before the stream's."""
    properties: Properties = {}
    for _ in range(reader.u32()):
        kind, number = struct.unpack("<HH", reader.take(4))
        name = mapi.key(number)
        if number >= 0x8000:
            set_ = reader.take(16)
            name = mapi.named(set_, _name(reader))
        many, kind = bool(kind & 0x1000), kind & 0xEFFF
        if kind in _VARIABLE:
            values = [mapi.value(kind, reader.padded(reader.u32()), codec) for _ in range(reader.u32())]
        elif size := mapi.width(kind):
            values = [mapi.value(kind, reader.padded(size), codec) for _ in range(reader.u32() if many else 1)]
        else:
            raise _Short  # the length of an unknown type is unknown
        if many:
            properties[name] = values  # type: ignore[assignment]  # several values of one property
        elif values:
            properties[name] = values[0]
    return properties


def _name(reader: _Reader) -> str | int:
    if reader.u32() == 0:
        return reader.u32()
    return reader.padded(reader.u32()).decode("utf-16-le", "replace").rstrip("\0")
