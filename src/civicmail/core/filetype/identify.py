"""Identify a file by its content; the name counts only for texts, for which nothing else determines the program that opens them.
Pure.

The members of a container refine the answer: a zip may be a docx, a compound file a doc or an msi (containers.py).
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict

from civicmail.core.filetype import text_types
from civicmail.core.filetype.types import BINARY, SEALED, SIGNED, TYPES, FileType

_BY_FIRST = defaultdict[int, list[tuple[bytes, FileType]]](list)
for _one in BINARY:
    for _start in _one.starts:
        _BY_FIRST[_start[0]].append((_start, _one))
_RIFF = {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}
_BRANDS = {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"avif": "avif", b"M4A ": "m4a", b"qt  ": "mov"}
"""Brands of ISO 14496-12 files."""
_PKCS7 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_SIGNED_DATA = b"\x02"
_CPIO = re.compile(rb"07070[12][0-9A-Fa-f]{8}")
_VOLUMES = (0x8001, 0x8801, 0x9001, 0x9311)
"""Offsets of the first volume descriptor of a disc: later in images with raw sectors of 2,352 bytes."""
_SECTOR = 512
_PDF_LOOK = 1_024
"""Bytes in which readers look for the header of a PDF (ISO 32000-1, Annex H.3.4.1)."""


def identify(data: bytes, ending: str = "") -> FileType:
    """The type of a file. ending: of its name (file_names.py), "" to go by the content alone."""
    if not data:
        return TYPES["empty"]
    if (file_type := binary_type(data)) is not None:
        return file_type
    if b"%PDF-" in data[:_PDF_LOOK]:
        return TYPES["pdf"]
    return text_types.identify(data, ending)


def binary_type(data: bytes) -> FileType | None:
    """The type of a file with fixed bytes at fixed places; None for a text, and for a type that only a search identifies."""
    return (_by_start(data) or _by_offset(data)) if data else None


def _by_start(data: bytes) -> FileType | None:
    if data[:2] == b"MZ":
        return _windows(data)
    if data[:4] == b"\xca\xfe\xba\xbe":
        return TYPES["macho" if len(data) >= 8 and struct.unpack_from(">I", data, 4)[0] < 20 else "class"]
    for start, file_type in _BY_FIRST.get(data[0], ()):
        if data.startswith(start):
            return file_type
    return None


def _by_offset(data: bytes) -> FileType | None:
    name = _media(data) or _packed(data)
    if name:
        return TYPES[name]
    if data[:2] in {b"0\x80", b"0\x82", b"0\x83"} and (at := data.find(_PKCS7, 0, 40)) >= 0:  # RFC 5652, ContentInfo
        return SIGNED if data[at + len(_PKCS7) :][:1] == _SIGNED_DATA else SEALED
    return None


def _media(data: bytes) -> str:
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "riff")
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "mp4")
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0" and len(data) > 26:
        return "bmp"
    if data[:4] == b"\x01\0\0\0" and data[40:44] == b" EMF":
        return "emf"
    if data[:4] == b"FORM" and data[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    return "swf" if data[:3] in {b"FWS", b"CWS", b"ZWS"} and len(data) > 8 and 2 < data[3] < 0x40 else ""


def _packed(data: bytes) -> str:
    """An archive or a disk image."""
    if data[257:262] == b"ustar":
        return "tar"
    if data[7:14] == b"**ACE**":
        return "ace"
    if data[2:5] in {b"-lh", b"-lz", b"-pm"} and data[6:7] == b"-":
        return "lha"
    if _CPIO.match(data):
        return "cpio"
    if any(data[at : at + 5] in {b"CD001", b"BEA01", b"NSR02", b"NSR03"} for at in _VOLUMES):
        return "iso"
    end = data[-_SECTOR:]
    if end[:8] == b"conectix":
        return "vhd"
    return "dmg" if end[:4] == b"koly" and len(end) == _SECTOR else ""


def _windows(data: bytes) -> FileType | None:
    """A program of Windows or DOS: MZ, and bytes that no text has."""
    if len(data) >= 64:
        at = struct.unpack_from("<I", data, 60)[0]
        head = data[at : at + 24]
        if head[:4] == b"PE\0\0" and len(head) == 24:
            return TYPES["dll" if struct.unpack_from("<H", head, 22)[0] & 0x2000 else "exe"]
    return TYPES["exe"] if b"\0" in data[:64] else None
