"""The file type by content, specific enough for people ("word", "program"), and whether the file name matches it. Pure.

A name or a declared type is never asked what a file is. sniff.py knows how a file is read; here is what it is called.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from civicmail.core.sandbox import office_xml, sniff

UNKNOWN, EMPTY = "unknown", "empty"
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"RIFF", "webp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
)
_NOTHING = (
    (b"-----BEGIN PGP SIGNATURE-----", "signature"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
    (b"fLaC", "sound"),
    (b"\xff", "sound"),
    (b"\x1aE\xdf\xa3", "film"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"wOF", "font"),
    (b"OTTO", "font"),
    (b"\x00\x01\x00\x00\x00", "font"),
    (b"0", "signature"),
)
_OTHERS = (
    (b"\x78\x9f\x3e\x22", "winmail"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
    (b"MSCF", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"ITSF", "help"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"%!PS", "postscript"),
    (b"!BDN", "mailstore"),
    (b"-----BEGIN PGP MESSAGE-----", "sealed"),
    (b"SQLite format 3\x00", "database"),
)
_TEXTS = (
    (re.compile(rb"\s*BEGIN:VCALENDAR", re.IGNORECASE), "calendar"),
    (re.compile(rb"\s*BEGIN:VCARD", re.IGNORECASE), "vcard"),
    (re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE\s+svg[^>]*>\s*)?<svg[\s>]", re.I | re.S), "svg"),
    (re.compile(rb"\s*(?:<!DOCTYPE\s+html|<html[\s>]|<script[\s>])", re.IGNORECASE), "html"),
    (re.compile(rb"\s*<\?xml[\s?]"), "xml"),
    (re.compile(rb"#!\s*/"), "script"),
    (re.compile(rb"-----BEGIN "), "certificate"),
)  # fmt: skip
_OLE = tuple(
    (stream.encode("utf-16-le"), name)
    for stream, name in (
        ("WordDocument", "oldword"), ("Workbook", "oldexcel"), ("Book\0", "oldexcel"), ("PowerPoint Document", "oldpowerpoint"),
        ("__properties_", "msg"), ("EncryptedPackage", "sealed"),
    )
)  # fmt: skip
"""Names of streams as they stand in the directory of a compound file (MS-CFB)."""
_LOOK = 1024

_PICTURE = "png jpeg gif webp tiff bmp heic"
_PROMISES = {
    "pdf": "pdf", "docx": "word sealed", "docm": "word sealed", "dotx": "word", "xlsx": "excel sealed", "xlsm": "excel sealed",
    "xlsb": "excel sealed", "pptx": "powerpoint sealed", "pptm": "powerpoint sealed", "odt": "opendocument", "ods": "opendocument",
    "odp": "opendocument", "doc": "oldword rtf word", "xls": "oldexcel excel", "ppt": "oldpowerpoint powerpoint", "rtf": "rtf",
    "zip": "zip", "7z": "7z", "tar": "tar", "gz": "gzip", "tgz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd",
    "tzst": "zstd", "svg": "svg",
    "htm": "html xml text", "html": "html xml text", "txt": "text certificate sealed signature html letter xml script calendar",
    "csv": "text", "eml": "letter text", "msg": "msg", "ics": "calendar", "vcf": "vcard", "mp3": "sound", "wav": "sound",
    "mp4": "film", "mov": "film", "exe": "program", "dll": "program", "lnk": "shortcut", "pst": "mailstore",
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "heic"), _PICTURE),
}  # fmt: skip
"""What the end of a name promises; a name that promises nothing is never odd."""


def identify(data: bytes) -> str:
    """The fixed word for what the bytes are; UNKNOWN and EMPTY are two of them."""
    kind = sniff.detect(data)
    if kind == "picture":
        return _first(data, _PICTURES)
    if kind == "nothing":
        if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
            return "film"
        return "sound" if data[:4] == b"RIFF" else _first(data, _NOTHING)
    if kind == "zip":
        return _zipped(data)
    if kind == "ole":
        return next((name for mark, name in _OLE if mark in data), "oldoffice")
    if kind in ("text", "html", "letter", "unknown"):
        if kind == "unknown" and data[4:8] == b"ftyp":
            return "heic"
        start = data[:_LOOK].removeprefix(b"\xef\xbb\xbf")
        special = _first(start, _OTHERS)
        if special == UNKNOWN and kind != "unknown":
            special = next((name for pattern, name in _TEXTS if pattern.match(start)), UNKNOWN)
        return special if special != UNKNOWN else kind
    return kind


def is_mismatched(name: str, true: str) -> bool:
    """Whether a file of this name is not what its name says."""
    promised = _PROMISES.get(name.rstrip(" .").rpartition(".")[2].lower(), "") if "." in name else ""
    return bool(promised) and true not in (EMPTY, *promised.split())


def _first(data: bytes, table: tuple[tuple[bytes, str], ...]) -> str:
    return next((name for magic, name in table if data.startswith(magic)), UNKNOWN)


def _zipped(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return office_xml.kind(archive.namelist(), archive) or "zip"
    except Exception:  # noqa: BLE001 - what a damaged archive raises has no common root; it is a ZIP file all the same
        return "zip"
