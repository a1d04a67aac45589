"""Detect the kind of a file by its content. Names and declared types are ignored. Pure."""

from __future__ import annotations

import codecs
import re
from typing import Literal

Kind = Literal[
    "pdf",
    "zip",
    "7z",
    "tar",
    "gzip",
    "bzip2",
    "xz",
    "zstd",
    "ole",
    "rtf",
    "html",
    "letter",
    "text",
    "picture",
    "nothing",
    "unknown",
    "empty",
]
"""picture: text only by OCR. nothing: a known type that holds no text (sound, film, program, signature)."""

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"-----BEGIN PGP SIGNATURE-----", "nothing"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF87a", "picture"),
    (b"GIF89a", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"ID3", "nothing"),
    (b"OggS", "nothing"),
    (b"fLaC", "nothing"),
    (b"\x1aE\xdf\xa3", "nothing"),
    (b"\x7fELF", "nothing"),
    (b"MZ", "nothing"),
    (b"\xca\xfe\xba\xbe", "nothing"),
    (b"wOFF", "nothing"),
    (b"wOF2", "nothing"),
    (b"OTTO", "nothing"),
    (b"\x00\x01\x00\x00\x00", "nothing"),
)
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|table|div|p|span)[\s>]", re.IGNORECASE | re.DOTALL
)
_LETTER = re.compile(rb"(?:(?:Received|Return-Path|From|To|Date|Subject|Message-ID|MIME-Version|Delivered-To):[^\n]*\n(?:[ \t][^\n]*\n)*){2}", re.IGNORECASE)  # fmt: skip  # noqa: E501
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TEXT_SAMPLE = 4096
_HIGH = bytes(range(0x80, 0x100))
_PDF_SAMPLE = 1024


def detect(data: bytes) -> Kind:
    """What the bytes are."""
    if not data:
        return "empty"
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    start = data[:_TEXT_SAMPLE]
    if b"%PDF-" in start[:_PDF_SAMPLE]:
        return "pdf"
    if special := _by_offset(start):
        return special
    return _words(data, start)


def _by_offset(start: bytes) -> Kind | None:
    if start[257:262] == b"ustar":
        return "tar"
    if start[1:4] == b"\x2a\x4d\x18" and 0x50 <= start[0] <= 0x5F:
        return "zstd"  # a frame that is passed over comes first (RFC 8878 3.1.2)
    if start[:4] == b"RIFF":
        return "picture" if start[8:12] == b"WEBP" else "nothing"
    if start[4:8] == b"ftyp":
        return "unknown" if start[8:12] in {b"heic", b"heix", b"mif1", b"avif"} else "nothing"
    if start[:2] == b"BM" and start[6:10] == b"\0\0\0\0" and len(start) > 26:
        return "picture"
    if start[:1] == b"\xff" and start[1:2] in {b"\xfb", b"\xf3", b"\xf2"}:
        return "nothing"
    if start[:2] in {b"0\x80", b"0\x82"} and b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in start[:40]:
        return "nothing"  # a signature (RFC 5652, signedData)
    return None


def _words(data: bytes, start: bytes) -> Kind:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and len(_CONTROLS.findall(start)) * 200 > len(start):
        return "unknown"
    if not wide and not _is_text(data):
        return "unknown"
    if _LETTER.match(start.lstrip()):
        return "letter"
    return "html" if _HTML.match(start.removeprefix(codecs.BOM_UTF8)) else "text"


def _is_text(data: bytes) -> bool:
    """No NUL anywhere, and either UTF-8 or mostly letters in an 8-bit charset."""
    if b"\0" in data:
        return False
    look = data[:_TEXT_SAMPLE]
    if look.isascii():
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(look)
    except UnicodeDecodeError:
        high = len(look) - len(look.translate(None, _HIGH))
        return high * 10 < 3 * len(look) or not _CONTROLS.search(data)
    return True
