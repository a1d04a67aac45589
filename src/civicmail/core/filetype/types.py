"""The table of file types: how each is identified, and its names for rules, people and readers. Pure.

identify.py adds types without fixed bytes at the start. Two types may share a name if readers distinguish them and rules do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from civicmail.core.filetype.file_names import SCRIPTS

Reading = Literal["pdf", "zip", "archive", "ole", "rtf", "html", "letter", "text", "picture", "nothing", "unknown", "empty"]
"""picture: text only by OCR. nothing: a known type that holds no text (sound, film, program,
signature). unknown: nothing here reads it."""


@dataclass(frozen=True, slots=True)
class FileType:
    """name: for rules and findings; family: to compare with what a name claims, "" for neither expected nor suspicious; label: for
    people (desk/viewer/views/words.py); reading: how its text is extracted; media_type: "" where senders agree on none; starts:
    bytes that it begins with."""

    name: str
    family: str = ""
    label: str = "unknown"
    reading: Reading = "unknown"
    media_type: str = ""
    starts: tuple[bytes, ...] = ()


def _type(name: str, family: str, label: str, reading: Reading, *starts: bytes, media_type: str = "") -> FileType:
    return FileType(name, family, label, reading, media_type, starts)


BINARY = (
    _type("zip", "archive", "zip", "zip", b"PK\3\4", b"PK\5\6", b"PK00PK\3\4", b"PK\7\x08PK\3\4", media_type="application/zip"),
    _type("ole", "", "oldoffice", "ole", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    _type("pdf", "pdf", "pdf", "pdf", b"%PDF-", media_type="application/pdf"),
    _type("rtf", "document", "rtf", "rtf", b"{\\rt", media_type="application/rtf"),
    _type("png", "picture", "png", "picture", b"\x89PNG\r\n\x1a\n", media_type="image/png"),
    _type("jpg", "picture", "jpeg", "picture", b"\xff\xd8\xff", media_type="image/jpeg"),
    _type("gif", "picture", "gif", "picture", b"GIF87a", b"GIF89a", media_type="image/gif"),
    _type("tif", "picture", "tiff", "picture", b"II*\0", b"MM\0*"),
    _type("psd", "picture", "unknown", "unknown", b"8BPS\0"),
    _type("ico", "picture", "icon", "unknown", b"\0\0\1\0"),
    _type("wmf", "picture", "unknown", "unknown", b"\xd7\xcd\xc6\x9a"),
    _type("rar", "archive", "archive", "archive", b"Rar!\x1a\7"),
    _type("7z", "archive", "7z", "archive", b"7z\xbc\xaf\x27\x1c"),
    _type("gz", "archive", "gzip", "archive", b"\x1f\x8b"),
    _type("bz2", "archive", "bzip2", "archive", b"BZh"),
    _type("xz", "archive", "xz", "archive", b"\xfd7zXZ\0"),
    _type("zst", "archive", "zstd", "archive", b"\x28\xb5\x2f\xfd", *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))),
    _type("z", "archive", "unknown", "unknown", b"\x1f\x9d"),
    _type("cab", "archive", "archive", "archive", b"MSCF\0\0\0\0"),
    _type("arj", "archive", "unknown", "unknown", b"\x60\xea"),
    _type("elf", "program", "program", "nothing", b"\x7fELF"),
    _type(
        "macho", "program", "program", "nothing",
        b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    ),
    _type("dex", "program", "program", "nothing", b"dex\n0"),
    _type("wasm", "program", "program", "nothing", b"\0asm"),
    _type("deb", "program", "program", "nothing", b"!<arch>\ndebian"),
    _type("rpm", "program", "program", "nothing", b"\xed\xab\xee\xdb"),
    _type("chm", "program", "help", "unknown", b"ITSF"),
    _type("lnk", "", "shortcut", "unknown", b"L\0\0\0\1\x14\2\0"),
    _type(
        "one", "notes", "unknown", "unknown",
        bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), bytes.fromhex("a12ff43ad9ef764c9ee210ea5722765f"),
    ),
    _type("vhdx", "disk", "unknown", "unknown", b"vhdxfile"),
    _type("vmdk", "disk", "unknown", "unknown", b"KDMV"),
    _type("vhd", "disk", "unknown", "unknown", b"conectix"),
    _type("mso", "", "unknown", "unknown", b"ActiveMime"),
    _type("mp3", "sound", "sound", "nothing", b"ID3\2", b"ID3\3", b"ID3\4", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    _type("ogg", "sound", "sound", "nothing", b"OggS"),
    _type("flac", "sound", "sound", "nothing", b"fLaC"),
    _type("midi", "sound", "sound", "nothing", b"MThd\0"),
    _type("mkv", "film", "film", "nothing", b"\x1aE\xdf\xa3"),
    _type("flv", "film", "film", "nothing", b"FLV\1"),
    _type("wmv", "film", "film", "nothing", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")),
    _type("tnef", "", "winmail", "unknown", b"\x78\x9f\x3e\x22", media_type="application/ms-tnef"),
    _type("pst", "", "mailstore", "unknown", b"!BDN"),
    _type("wpd", "", "unknown", "unknown", b"\xffWPC"),
    _type("font", "", "font", "nothing", b"wOFF", b"wOF2", b"OTTO\0", b"\0\1\0\0\0"),
    _type("sqlite", "", "database", "unknown", b"SQLite format 3\0"),
    _type("mdb", "", "database", "unknown", b"\0\1\0\0Standard"),
)  # fmt: skip
"""Types that the first bytes identify."""

OTHER = (
    _type("empty", "nothing", "empty", "empty"),
    _type("unknown", "unknown", "unknown", "unknown"),
    _type("bmp", "picture", "bmp", "picture"),
    _type("webp", "picture", "webp", "picture"),
    _type("heic", "picture", "heic", "unknown"),
    _type("avif", "picture", "heic", "unknown"),
    _type("emf", "picture", "unknown", "unknown"),
    _type("wav", "sound", "sound", "nothing"),
    _type("aiff", "sound", "sound", "nothing"),
    _type("m4a", "sound", "sound", "nothing"),
    _type("riff", "", "unknown", "nothing"),
    _type("avi", "film", "film", "nothing"),
    _type("mp4", "film", "film", "nothing"),
    _type("mov", "film", "film", "nothing"),
    _type("swf", "", "unknown", "unknown"),
    _type("tar", "archive", "tar", "archive"),
    _type("ace", "archive", "unknown", "unknown"),
    _type("lha", "archive", "unknown", "unknown"),
    _type("cpio", "archive", "unknown", "unknown"),
    _type("iso", "disk", "unknown", "archive"),
    _type("dmg", "disk", "unknown", "unknown"),
    _type("exe", "program", "program", "nothing"),
    _type("dll", "program", "program", "nothing"),
    _type("class", "program", "program", "nothing"),
    _type("jar", "program", "zip", "zip"),
    _type("apk", "program", "zip", "zip"),
    _type("msix", "program", "zip", "zip"),
    _type("xps", "", "zip", "zip"),
    _type("vsdx", "", "zip", "zip"),
    _type("docx", "document", "word", "zip"),
    _type("docm", "document", "word", "zip"),
    _type("xlsx", "table", "excel", "zip"),
    _type("xlsm", "table", "excel", "zip"),
    _type("xlsb", "table", "excel", "zip"),
    _type("pptx", "slides", "powerpoint", "zip"),
    _type("pptm", "slides", "powerpoint", "zip"),
    _type("odt", "document", "opendocument", "zip"),
    _type("ods", "table", "opendocument", "zip"),
    _type("odp", "slides", "opendocument", "zip"),
    _type("odg", "", "opendocument", "zip"),
    _type("doc", "document", "oldword", "ole", media_type="application/msword"),
    _type("xls", "table", "oldexcel", "ole", media_type="application/vnd.ms-excel"),
    _type("ppt", "slides", "oldpowerpoint", "ole", media_type="application/vnd.ms-powerpoint"),
    _type("vsd", "", "oldoffice", "ole"),
    _type("msg", "mail", "msg", "ole"),
    _type("msi", "program", "program", "ole"),
    _type("package", "", "oldoffice", "ole"),
    _type("ooxml-encrypted", "", "sealed", "ole"),
    _type("txt", "text", "text", "text"),
    _type("html", "text", "html", "html", media_type="text/html"),
    _type("xml", "text", "xml", "text"),
    _type("svg", "picture", "svg", "text"),
    _type("eml", "text", "letter", "letter"),
    _type("mht", "", "letter", "letter"),
    _type("ics", "text", "calendar", "text"),
    _type("vcf", "text", "vcard", "text"),
    _type("pem", "text", "certificate", "text"),
    _type("url", "", "text", "text"),
    _type("iqy", "", "text", "text"),
    _type("rdp", "", "text", "text"),
    _type("slk", "table", "text", "text"),
    _type("ps", "pdf", "postscript", "text"),
    _type("py", "text", "script", "text"),
    _type("pl", "text", "script", "text"),
    _type("sh", "text", "script", "text"),
    _type("php", "text", "script", "text"),
    _type("rb", "", "script", "text"),
)  # fmt: skip
"""Types that identify.py, or the names of a container's members, identify."""

TYPES = {name: _type(name, "program", "script", "text") for name in SCRIPTS}
TYPES |= {one.name: one for one in (*BINARY, *OTHER)}

PGP_MESSAGE = _type("pgp", "text", "sealed", "text", b"-----BEGIN PGP MESSAGE")
PGP_SIGNATURE = _type("pgp", "text", "signature", "nothing", b"-----BEGIN PGP SIGNATURE")
PGP_KEY = TYPES["pgp"] = _type("pgp", "text", "certificate", "text", b"-----BEGIN PGP")
SIGNED = _type("p7m", "", "signature", "nothing")
SEALED = TYPES["p7m"] = _type("p7m", "", "sealed", "unknown")
PS_BINARY = _type("ps", "pdf", "postscript", "unknown")
HTML_IN_TEXT = _type("html", "text", "text", "text")
HTML_OF_SCRIPT = _type("html", "text", "html", "text")
HTML_IN_XML = _type("html", "text", "xml", "text")
"""Files that browsers may show as a page; their text is all of their content."""

MEDIA_FAMILY = {one.media_type: one.family for one in TYPES.values() if one.media_type}
PROGRAMS = frozenset({"exe", "dll", "elf", "macho", "class", "jar", "apk", "msi", "msix", "deb", "rpm", "chm", "dex", "lnk"})
DISKS = frozenset(one.name for one in TYPES.values() if one.family == "disk")
