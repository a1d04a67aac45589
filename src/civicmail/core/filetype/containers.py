"""Identify containers by what they contain: office documents, programs and plain archives in ZIP form, and compound files. Pure."""

from __future__ import annotations

from collections.abc import Collection

from civicmail.core.filetype.types import TYPES, FileType

CONTENT_TYPES = "[content_types].xml"
"""The part that every ECMA-376 document has, as canonical() writes it."""
_MAIN = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"), ("visio/", "vsdx"))
_MACRO_KIND = {"docx": "docm", "xlsx": "xlsm", "pptx": "pptm"}
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_OPEN = {b"text": "odt", b"spreadsheet": "ods", b"presentation": "odp", b"graphics": "odg"}
_MANIFESTS = (("AndroidManifest.xml", "apk"), ("AppxManifest.xml", "msix"), ("FixedDocSeq.fdseq", "xps"))
STREAMS = (
    ("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"), ("VisioDocument", "vsd"),
    ("__properties_version1.0", "msg"), ("EncryptedPackage", "ooxml-encrypted"),
)  # fmt: skip
"""Streams that identify the type of a compound file."""
_CLASSES = {"000C1084": "msi", "000C1082": "msi", "000C1086": "msi", "0003000C": "package"}


def canonical(name: str) -> str:
    """A part's name as Office compares it (ECMA-376 part 2, 6.2.2.3), with either slash."""
    return name.replace("\\", "/").lower()


def zip_type(names: Collection[str], mimetype: bytes = b"") -> FileType:
    """The type of a ZIP file with these members. mimetype: content of its member of that name (ISO 26300-3, 3.3)."""
    parts = {canonical(name) for name in names}
    if CONTENT_TYPES in parts and (kind := next((kind for folder, kind in _MAIN if any(p.startswith(folder) for p in parts)), "")):
        return TYPES[_ecma(kind, parts)]
    if mimetype.startswith(_OPEN_DOCUMENT[:-1]) and "content.xml" in names:
        return TYPES[_OPEN.get(mimetype.strip().rpartition(b".")[2].partition(b"-")[0], "odt")]
    for name, kind in _MANIFESTS:
        if name in names:
            return TYPES[kind]
    is_java = "META-INF/MANIFEST.MF" in names and any(name.endswith(".class") for name in names)
    return TYPES["jar" if is_java else "zip"]


def compound_type(names: Collection[str], class_id: str = "") -> FileType:
    """The type of a compound file (MS-CFB). names: of the streams in its root, lower case; class_id: of the root."""
    for name, kind in STREAMS:
        if name.lower() in names:
            return TYPES[kind]
    return TYPES[_CLASSES.get(class_id[:8].upper(), "ole")]


def damaged_compound_type(data: bytes) -> FileType:
    """The type of a compound file with an unreadable directory, by stream names anywhere in it."""
    return compound_type([name.lower() for name, _ in STREAMS if f"{name}\0".encode("utf-16-le") in data])


def _ecma(kind: str, parts: set[str]) -> str:
    if kind == "xlsx" and any(name.endswith("workbook.bin") for name in parts):
        return "xlsb"
    if kind in _MACRO_KIND and any(name.endswith("vbaproject.bin") for name in parts):
        return _MACRO_KIND[kind]
    return kind
