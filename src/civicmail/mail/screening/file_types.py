"""Identify a file by its first bytes; the name counts only among text formats, where nothing else tells. Pure.

Contents refine the result: a zip may be a docx (zips.py), a compound file a doc or an msi (olefiles.py).
"""

from __future__ import annotations

import codecs
import re
import struct

from civicmail.core.sandbox import sniff
from civicmail.mail.screening.file_names import SCRIPTS

PLAIN = {
    "empty": "nothing",
    "unknown": "unknown",
    "png jpg gif tif bmp webp heic avif psd ico emf wmf svg": "picture",
    "mp3 ogg flac wav aiff midi m4a aac": "sound",
    "mp4 mkv avi mov flv wmv": "film",
    "txt html xml eml ics vcf pem pgp py sh pl php": "text",
    "pdf ps": "pdf",
    "rtf doc docx docm odt": "document",
    "xls xlsx xlsm xlsb ods slk": "table",
    "ppt pptx pptm odp": "slides",
    "msg": "mail",
    "zip rar 7z gz bz2 xz zst tar cab ace arj lha cpio z": "archive",
    "iso vhd vhdx vmdk dmg": "disk",
    "exe dll elf macho class jar apk msi msix deb rpm wasm chm dex": "program",
    "one": "notes",
}
FAMILY = {word: family for words, family in PLAIN.items() for word in words.split()}
"""Family of each true type; a type without one is neither expected nor suspicious."""

PROGRAM_TYPES = frozenset({"exe", "dll", "elf", "macho", "class", "jar", "apk", "msi", "msix", "deb", "rpm", "chm", "dex", "lnk"})
DISKS = frozenset({"iso", "vhd", "vhdx", "vmdk", "dmg"})

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK00PK\x03\x04", "zip"),
    (b"PK\x07\x08PK\x03\x04", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"\x1f\x9d", "z"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"\x60\xea", "arj"),
    (b"070701", "cpio"),
    (b"\x7fELF", "elf"),
    (b"\xfe\xed\xfa\xce", "macho"),
    (b"\xfe\xed\xfa\xcf", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"dex\n0", "dex"),
    (b"\0asm", "wasm"),
    (b"!<arch>\ndebian", "deb"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"ITSF", "chm"),
    (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F", "lnk"),
    (bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), "one"),
    (bytes.fromhex("a12ff43ad9ef764c9ee210ea5722765f"), "one"),
    (b"vhdxfile", "vhdx"),
    (b"conectix", "vhd"),
    (b"KDMV", "vmdk"),
    (b"ActiveMime", "mso"),
    (b"{\\rt", "rtf"),
    (b"8BPS", "psd"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
    (b"\0\0\x01\0", "ico"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"MThd", "midi"),
    (b"\x1aE\xdf\xa3", "mkv"),
    (b"FLV\x01", "flv"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "wmv"),
    (b"%!PS", "ps"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"!BDN", "pst"),
    (b"\xff\x57\x50\x43", "wpd"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"OTTO", "font"),
    (b"\0\x01\0\0\0", "font"),
    (b"-----BEGIN PGP", "pgp"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\0\x01\0\0Standard", "mdb"),
)
_BRANDS = {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"avif": "avif", b"M4A ": "m4a", b"qt  ": "mov"}
_BY_WORD = {"pdf": "pdf", "tar": "tar", "html": "html", "letter": "eml", "text": "txt", "rtf": "rtf", "empty": "empty"}
_BEGINS = (
    (b"[internetshortcut]", "url"),
    (b"web\r\n1\r\nhttp", "iqy"),
    (b"web\n1\nhttp", "iqy"),
    (b"id;p", "slk"),
    (b"begin:vcalendar", "ics"),
    (b"begin:vcard", "vcf"),
    (b"-----begin ", "pem"),
)
_PAGES = frozenset({"htm", "html", "shtml", "xht", "xhtml"})
_WEB_ARCHIVE = re.compile(rb"^Content-Type:\s*multipart/related\b", re.IGNORECASE | re.MULTILINE)
_LETTERS = frozenset({"eml", "txt", "mbox", "mbx"})
"""Extensions of files that hold a message and open as one, or as text."""
_PAGE = re.compile(rb"<(?:html|script|body|form|iframe|meta)[\s>]")
_REMOTE = re.compile(rb"^(?:full address|remoteapplicationprogram):s:", re.IGNORECASE | re.MULTILINE)
_SCRIPT = re.compile(rb"#!\s*/[^\n]{0,80}?(?:/|\s)(python|perl|php|ruby|node|(?:ba|z|k|da|c)?sh)")
_TEXTUAL = frozenset({"txt", "html", "xml", "eml", "unknown"})
_DEVELOPERS = frozenset({"py", "pl", "sh", "php", "rb"})
_ISO_AT = 0x8001
_LOOK = 4_096
_PDF_LOOK = 1_024
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def identify(data: bytes, ending: str = "") -> str:
    """The type as a short word; "unknown" if nothing tells. ending: of the name (file_names.py)."""
    if not data:
        return "empty"
    file_type = _binary(data)
    if file_type:
        return file_type
    start = data[:_PDF_LOOK]
    if b"%PDF-" in start:
        return "pdf"
    word = _BY_WORD.get(sniff.detect(data), "unknown")
    if word in {"txt", "eml"} and ending not in _LETTERS and ending and _is_web_archive(data):
        return "mht"
    if word in {"txt", "html"}:
        word = _text(data, word, ending)
    if word in _TEXTUAL and (ending in SCRIPTS or (ending in _DEVELOPERS and word == "txt")):
        return ending  # nothing else tells a system what to do with it
    return word


def _is_web_archive(data: bytes) -> bool:
    """Whether it is a web page saved as a message (RFC 2557)."""
    head = data[:_LOOK].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return b"mime-version" in head.lower() and _WEB_ARCHIVE.search(head) is not None


def narrowed(data: bytes) -> bytes:
    """The text in one byte a letter, good enough for patterns; it may be UTF-16."""
    if data.startswith(_MARKS):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(codecs.BOM_UTF8)


def _binary(data: bytes) -> str:
    if data[:2] == b"MZ":
        return _windows(data)
    if data[:4] == b"\xca\xfe\xba\xbe":
        return "macho" if len(data) >= 8 and struct.unpack_from(">I", data, 4)[0] < 20 else "class"
    for magic, word in _MAGIC:
        if data.startswith(magic):
            return word
    return _by_offset(data)


def _by_offset(data: bytes) -> str:
    start = data[:_LOOK]
    if start[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(start[8:12], "riff")
    if start[4:8] == b"ftyp":
        brand = start[8:12]
        return {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"avif": "avif", b"M4A ": "m4a", b"qt  ": "mov"}.get(
            brand, "mp4"
        )
    if start[:2] == b"BM" and start[6:10] == b"\0\0\0\0" and len(start) > 26:
        return "bmp"
    if start[:4] == b"\x01\0\0\0" and start[40:44] == b" EMF":
        return "emf"
    if start[:4] == b"FORM" and start[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if start[:3] in {b"FWS", b"CWS", b"ZWS"} and 2 < start[3] < 0x40 if len(start) > 8 else False:
        return "swf"
    if start[7:14] == b"**ACE**":
        return "ace"
    if start[2:5] in {b"-lh", b"-lz", b"-pm"} and start[6:7] == b"-":
        return "lha"
    if start[1:4] == b"\x2a\x4d\x18" and 0x50 <= start[0] <= 0x5F:
        return "zst"
    if start[:2] in {b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"}:
        return "mp3"
    if start[:2] in {b"0\x80", b"0\x82", b"0\x83"} and b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" in start[:40]:
        return "p7m"
    for at in (_ISO_AT, 0x8801, 0x9001, 0x9311):  # raw sectors of 2,352 bytes begin later
        if data[at : at + 5] in {b"CD001", b"BEA01", b"NSR02", b"NSR03"}:
            return "iso"
    return _at_the_end(data)


def _at_the_end(data: bytes) -> str:
    """Recognize disk images by their last sector."""
    end = data[-512:]
    if end[:8] == b"conectix":
        return "vhd"
    return "dmg" if end[:4] == b"koly" and len(end) == 512 else ""


def _windows(data: bytes) -> str:
    """Recognize programs of Windows or DOS: MZ, and bytes that no text has."""
    if len(data) >= 64:
        at = struct.unpack_from("<I", data, 60)[0]
        head = data[at : at + 24]
        if head[:4] == b"PE\0\0" and len(head) == 24:
            return "dll" if struct.unpack_from("<H", head, 22)[0] & 0x2000 else "exe"
    return "exe" if b"\0" in data[:64] else ""


def _text(data: bytes, word: str, ending: str) -> str:
    """Refine txt or html. A browser shows a file with a page's extension as a page, however it begins; a patch of a page is
    none."""
    start = narrowed(data[:_LOOK]).lstrip()
    if start.startswith((b"#!", b"<?php")):
        match = _SCRIPT.match(start)
        named = match[1].decode() if match else "php" if start.startswith(b"<?php") else "sh"
        return {"python": "py", "perl": "pl", "php": "php", "ruby": "rb", "node": "js"}.get(named, "sh")
    lower = start.lower()
    for begins, type_name in _BEGINS:
        if lower.startswith(begins):
            return type_name
    if ending in {"rdp", ""} and _REMOTE.search(lower):
        return "rdp"
    if lower.startswith(b"<svg") or ending == "svg":
        return "svg"
    if lower.startswith((b"<?xml", b"<?mso-")):
        return "svg" if b"<svg" in lower else "html" if b"<html" in lower or b"<!doctype html" in lower else "xml"
    return "html" if ending in _PAGES or (not ending and _PAGE.search(lower)) else word
