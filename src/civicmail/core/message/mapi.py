"""Outlook items as data: properties, recipients and attachments, whatever file they came in (MS-OXCDATA 2.11, MS-OXPROPS).

A property is named as it is numbered: "0x0037", or for a named one "{set}/0x8233" or "{set}/name". Values are text, whole numbers,
bytes, or lists of them; times are ms since 1970 UTC.
"""

from __future__ import annotations

import codecs
import struct
import uuid
from dataclasses import dataclass, field

type Value = str | int | bytes | list[str] | list[int] | list[bytes]
type Properties = dict[str, Value]

CLASS = "0x001a"
SUBJECT = "0x0037"
SUBMITTED = "0x0039"
HEADERS = "0x007d"
SENDER_NAME = "0x0c1a"
SENDER_TYPE = "0x0c1e"
SENDER_ADDRESS = "0x0c1f"
SENDER_SMTP = "0x5d01"
REPRESENTING_NAME = "0x0042"
REPRESENTING_TYPE = "0x0064"
REPRESENTING_ADDRESS = "0x0065"
REPRESENTING_SMTP = "0x5d02"
DISPLAY_BCC = "0x0e02"
DISPLAY_CC = "0x0e03"
DISPLAY_TO = "0x0e04"
DELIVERED = "0x0e06"
BODY = "0x1000"
RTF = "0x1009"
HTML = "0x1013"
MESSAGE_ID = "0x1035"
REFERENCES = "0x1039"
IN_REPLY_TO = "0x1042"
NAME = "0x3001"
ADDRESS_TYPE = "0x3002"
ADDRESS = "0x3003"
SMTP = "0x39fe"
RECIPIENT_TYPE = "0x0c15"
CREATED = "0x3007"
CHANGED = "0x3008"
DATA = "0x3701"
SHORT_FILENAME = "0x3704"
METHOD = "0x3705"
FILENAME = "0x3707"
MIME_TYPE = "0x370e"
CONTENT_ID = "0x3712"
CODEPAGE = "0x3ffd"
INTERNET_CODEPAGE = "0x3fde"
BODIES = frozenset({BODY, RTF, HTML, HEADERS, DATA})
"""Properties whose value is in the bytes of the message built from them."""

_EPOCH = 116_444_736_000_000_000  # 1970 in FILETIME: 100 ns since 1601
_FIXED = {0x02: "<h", 0x03: "<i", 0x04: "<f", 0x05: "<d", 0x06: "<q", 0x07: "<d", 0x0A: "<i", 0x0B: "<H", 0x14: "<q", 0x40: "<Q"}
_CODEPAGES = {65001: "utf-8", 1200: "utf-16-le", 20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 28591: "iso8859-1",
              28592: "iso8859-2", 28595: "iso8859-5", 28605: "iso8859-15", 50220: "iso2022_jp", 50225: "iso2022_kr",
              51932: "euc_jp", 51949: "euc_kr", 52936: "hz", 54936: "gb18030", 936: "gb18030", 10000: "mac_roman"}  # fmt: skip


@dataclass(slots=True)
class Attachment:
    """One attachment: its properties, and its content as bytes or, for an embedded item, as that item."""

    properties: Properties = field(default_factory=dict)
    content: bytes = b""
    item: Item | None = None

    @property
    def filename(self) -> str:
        for name in (FILENAME, SHORT_FILENAME, NAME):
            if path := text(self.properties, name):
                return path.replace("\\", "/").rpartition("/")[2]
        return ""


@dataclass(slots=True)
class Item:
    """A message, appointment, contact … of Outlook. broken: what could not be read of it, "" when nothing."""

    properties: Properties = field(default_factory=dict)
    recipients: list[Properties] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    broken: str = ""


def text(properties: Properties, *names: str) -> str:
    """The first of these properties with a non-empty text."""
    for name in names:
        value = properties.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def subject(properties: Properties) -> str:
    """The subject; in a PST the length of the prefix ("RE: ") precedes it, behind a sign (MS-PST 2.5.3.1.1.1)."""
    stored = text(properties, SUBJECT)
    return stored[2:] if stored.startswith("\x01") else stored


def number(properties: Properties, name: str) -> int | None:
    value = properties.get(name)
    return value if isinstance(value, int) else None


def codec_of(codepage: int | None) -> str:
    """The codec of a Windows code page; Windows-1252 where it is unknown."""
    if codepage in _CODEPAGES:
        return _CODEPAGES[codepage]
    try:
        return codecs.lookup(f"cp{codepage}").name
    except LookupError:
        return "cp1252"


def width(kind: int) -> int:
    """Bytes of a value of a type that has a fixed size, 0 for the others."""
    return 16 if kind == 0x48 else struct.calcsize(_FIXED[kind]) if kind in _FIXED else 0


def value(kind: int, data: bytes, codec: str) -> Value:
    """One value of a property type. Never raises: missing bytes are zeros, invalid text gets replacement characters."""
    if kind == 0x1F:
        return data.decode("utf-16-le", "replace").partition("\0")[0]
    if kind == 0x1E:
        return data.decode(codec, "replace").partition("\0")[0]
    if kind == 0x48:
        return str(uuid.UUID(bytes_le=data[:16].ljust(16, b"\0")))
    if kind not in _FIXED:
        return data
    (unpacked,) = struct.unpack(_FIXED[kind], data[: width(kind)].ljust(width(kind), b"\0"))
    if kind == 0x40:
        return int(unpacked - _EPOCH) // 10_000
    return str(unpacked) if isinstance(unpacked, float) else int(unpacked)


def key(number: int) -> str:
    return f"0x{number:04x}"


def named(set_: bytes, name: str | int) -> str:
    """The key of a named property: the GUID of its set as it is stored, and its name or number."""
    return f"{{{uuid.UUID(bytes_le=set_)}}}/{name if isinstance(name, str) else key(name)}"
