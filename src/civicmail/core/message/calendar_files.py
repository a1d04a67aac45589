"""Files inside appointments and visiting cards (RFC 5545 3.8.1.1, RFC 6350 6.2.4, 6.7.5, 6.8.1, vCard 2.1). Pure, linear.

A value is a file if its property says so, if it is a `data:` URI, or if it is long base64 text that begins like a file, because
programs also put files into notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.core.message import data_uris, limits, pasted_files, transfer_encoding

CALENDARS = frozenset({"text/calendar", "text/x-vcalendar", "application/ics"})
CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
KINDS = CALENDARS | CARDS
_FOLD = re.compile(rb"\r?\n[ \t]|\r[ \t]")
_LINE = re.compile(rb"([^\r\n:;\"]{1,200})((?:;(?:[^\r\n:;\"]|\"[^\"\r\n]*\"){0,2000}+){0,40}+):([^\r\n]*)")
_CODED = re.compile(rb";\s*(?:ENCODING\s*=\s*)?\"?(?:B|BASE64)\"?\s*(?:;|\Z)|;\s*VALUE\s*=\s*\"?BINARY\b", re.IGNORECASE)
_TYPE = re.compile(rb";\s*(?:FMTTYPE|MEDIATYPE)\s*=\s*\"?([\w.+-]{1,100}/[\w.+-]{1,100})", re.IGNORECASE)
_SHORT = re.compile(rb";\s*(?:TYPE\s*=\s*)?\"?(JPEG|JPG|PNG|GIF|BMP|WEBP|PGP|X509|WAVE|BASIC|OGG)\b", re.IGNORECASE)
_NAMED = re.compile(
    rb";\s*(?:X-FILENAME|FILENAME|X-LABEL|X-APPLE-FILENAME|X-ORACLE-FILENAME)\s*=\s*(?:\"([^\"]{1,255})\"|([^;:\"]{1,255}))",
    re.IGNORECASE,
)
_KINDS = {"jpg": "image/jpeg", "pgp": "application/pgp-keys", "x509": "application/pkix-cert", "wave": "audio/wav"}
_PICTURES = frozenset({"jpeg", "png", "gif", "bmp", "webp"})
_LONG = re.compile(rb"[A-Za-z0-9+/\s]{300,}={0,2}\s*\Z")
"""Base64 of more than a key: 225 bytes."""


@dataclass(frozen=True, slots=True)
class ContentFile:
    """kind: declared, or identified by its magic number; "" if neither."""

    kind: str
    name: str
    content: bytes


def read(data: bytes) -> list[ContentFile]:
    """The files in their order."""
    lower = data.lower()
    if b"base64" not in lower and b"=b" not in lower and b"binary" not in lower and b"data:" not in lower and len(data) < 400:
        return []
    result: list[ContentFile] = []
    for line in _LINE.finditer(_FOLD.sub(b"", data)):
        for file in _of(line[2], line[3]):
            result.append(file)
            if len(result) >= limits.DERIVED:
                return result
    return result


def _of(parameters: bytes, value: bytes) -> Iterator[ContentFile]:
    if _CODED.search(parameters):
        content, _ = transfer_encoding.base64_bytes(b"".join(value.split()))
        if content:
            yield ContentFile(_declared(parameters), _name(parameters), content)
    elif b"data:" in value[:2_000].lower():
        for uri in data_uris.read(value.replace(b"\\,", b",").replace(b"\\;", b";")):
            yield ContentFile(uri.kind, uri.name or _name(parameters), uri.content)
    elif len(value) >= 300 and _LONG.match(plain := value.replace(b"\\n", b"").replace(b"\\N", b"")):
        content, _ = transfer_encoding.base64_bytes(b"".join(plain.split()))
        if kind := pasted_files.kind_of(content):
            yield ContentFile(kind, "", content)


def _declared(parameters: bytes) -> str:
    if (full := _TYPE.search(parameters)) is not None:
        return full[1].decode("ascii", "replace").lower()
    if (short := _SHORT.search(parameters)) is None:
        return ""
    word = short[1].decode("ascii").lower()
    return _KINDS.get(word) or (f"image/{word}" if word in _PICTURES else f"audio/{word}")


def _name(parameters: bytes) -> str:
    match = _NAMED.search(parameters)
    return (match[1] or match[2]).decode("utf-8", "replace").strip() if match is not None else ""
