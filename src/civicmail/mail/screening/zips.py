"""Scan zip files: their kind by their members (office documents, Java, Android, plain archives), and their contents.

A directory that is too long is not read: one of a million names takes ten seconds, and nobody sends one by mail.
"""

from __future__ import annotations

import re
import struct
import zipfile
from io import BytesIO

from civicmail.core.sandbox import office_xml, zip_file
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_MANY, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.mail.screening import file_names, officefiles, zipheaders
from civicmail.mail.screening.allowance import ENTRIES
from civicmail.mail.screening.file_scan import FileScan, Item

_END = b"PK\x05\x06"
_END_LOOK = 22 + 65_535
_MAX_LIST = 2 << 20  # bytes of the central directory; 2,000 names of 255 characters take a quarter
_MARKS = (
    ("AndroidManifest.xml", "apk"),
    ("AppxManifest.xml", "msix"),
    ("FixedDocSeq.fdseq", "xps"),
)
_PARTS = frozenset(
    {
        *("", "xml", "rels", "bin", "vml", "rdf", "psmdcp", "data", "tmp", "docx", "xlsx", "pptx", "odttf", "ttf", "fntdata"),
        *("png", "jpg", "jpeg", "gif", "tif", "tiff", "bmp", "emf", "wmf", "wdp", "svg", "svm", "wav", "mp3", "mp4"),
    }
)
"""Extensions of the parts of office documents; officefiles.py scans documents in them."""
_CLASS = re.compile(r"\.class\Z")
_MAIN = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"), ("visio/", "vsdx"))
_MACRO_KIND = {"docx": "docm", "xlsx": "xlsm", "pptx": "pptm"}
_OPEN = {"text": "odt", "spreadsheet": "ods", "presentation": "odp", "graphics": "odg"}


def find(item: Item, scan: FileScan) -> str:
    """Scan the archive; return its kind. Raises Spent."""
    kind = "zip"
    try:
        _bearable(item.content)
        with _opened(item.content) as archive:
            kind = _kind(archive)
            _two_lists(archive, item, scan)
            if kind in {"zip", "jar", "apk", "msix"}:
                _members(archive, item, scan)
            else:
                scan.guarded(item, lambda: officefiles.find(kind, archive, item, scan), None)
                _foreign(archive, item, scan)
    except Spent:
        raise
    except Unreadable as error:
        scan.unread(item, error.why)
        if error.why == DAMAGED:
            _cut_short(item, scan)
    return kind


def _cut_short(item: Item, scan: FileScan) -> None:
    """Scan a zip without directory: repair programs unpack its members all the same."""
    for header in zipheaders.between(item.content, 0, len(item.content)):
        _by_header(header, item, scan)


def _by_header(header: zipheaders.Header, item: Item, scan: FileScan) -> None:
    """Scan a member as its local header describes it."""
    scan.allowance.member(item.depth + 1)
    unseen = item.member(header.name, b"", is_unseen=True)
    if header.encrypted:
        scan.unread(unseen, ENCRYPTED)
        scan.inside(unseen, scan)
        return
    try:
        content = zipheaders.unpacked(item.content, header, scan.allowance.expand)
    except Spent:
        raise
    except Unreadable as error:
        scan.unread(unseen, error.why)
        content = None
    if content is None:
        scan.unread(unseen, TYPE_UNKNOWN)
        scan.inside(unseen, scan)
        return
    scan.inside(item.member(header.name, content, scan_separately=True), scan)


def _two_lists(archive: zipfile.ZipFile, item: Item, scan: FileScan) -> None:
    """Scan what local headers say differently from the directory: other names, unlisted members. Some programs show those."""
    infos = archive.infolist()
    for info in infos:
        if (header := zipheaders.differs(item.content, info)) is not None:
            scan.note(item.member(info.filename, b""), "name-differs", "mismatch", sure=80)
            scan.inside(item.member(info.filename, b"", is_unseen=True), scan)
            _by_header(header, item, scan)
        elif info.orig_filename != info.filename and _differ(info.orig_filename, info.filename):
            scan.inside(item.member(info.orig_filename, b"", is_unseen=True), scan)
    hidden = False
    for header in zipheaders.unlisted(item.content, infos, archive.start_dir):
        hidden = True
        _by_header(header, item, scan)
    if hidden:
        scan.note(item, "unlisted", "mismatch", sure=60)


def _differ(name: str, other: str) -> bool:
    """Whether two names of a member have different extensions, or one hides its extension."""
    one, two = file_names.read(name), file_names.read(other)
    return (one.ending, one.tricks) != (two.ending, two.tricks)


def is_appended(content: bytes) -> bool:
    """Whether a zip that programs open follows another file: its directory ends where the file does."""
    at = content.rfind(_END, max(0, len(content) - _END_LOOK))
    if at < 0 or at + 22 > len(content):
        return False
    entries, size, start, comment = struct.unpack_from("<HIIH", content, at + 10)
    begins = at - size
    return bool(entries) and at + 22 + comment == len(content) and begins >= start and content[begins : begins + 4] == b"PK\x01\x02"


def _bearable(content: bytes) -> None:
    """Raise Unreadable if the directory is too long. Its end record may lie, but its size is what is read."""
    at = content.rfind(_END, max(0, len(content) - _END_LOOK))
    if at < 0 or at + 22 > len(content):
        raise Unreadable(DAMAGED)
    entries, size = struct.unpack_from("<HI", content, at + 10)
    if entries > ENTRIES or min(size, len(content)) > _MAX_LIST:
        raise Unreadable(TOO_MANY)


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, UnicodeDecodeError, struct.error, IndexError):
        raise Unreadable(DAMAGED) from None


def _kind(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if (office_kind := _office(names)) is not None:
        return office_kind
    try:
        office_kind = office_xml.kind(names, archive)
        media_type = archive.read("mimetype").decode("latin-1").strip() if office_kind == "opendocument" else ""
    except Exception:  # noqa: BLE001 - a damaged member raises what the library of its packing does
        office_kind, media_type = None, ""
    if office_kind == "opendocument":
        return _OPEN.get(media_type.rpartition(".")[2].partition("-")[0], "odt")
    there = set(names)
    for name, word in _MARKS:
        if name in there:
            return word
    if "META-INF/MANIFEST.MF" in there and any(_CLASS.search(name) for name in names):
        return "jar"
    return "zip"


def _office(names: list[str]) -> str | None:
    """Which ECMA-376 document it is, by its parts."""
    there = {officefiles.canonical(name) for name in names}
    if officefiles.TYPES not in there:
        return None
    kind = next((word for folder, word in _MAIN if any(name.startswith(folder) for name in there)), None)
    if kind == "xlsx" and any(name.endswith("workbook.bin") for name in there):
        return "xlsb"
    if kind in _MACRO_KIND and any(name.endswith("vbaproject.bin") for name in there):
        return _MACRO_KIND[kind]
    return kind


def _foreign(archive: zipfile.ZipFile, item: Item, scan: FileScan) -> None:
    """Scan what is no part of an office document: the file may also be an archive for a program that opens it as one."""
    case = scan.case(item)
    for info in archive.infolist():
        if not info.is_dir() and file_names.read(info.filename).ending not in _PARTS:
            zip_file.one(archive, info, case)


def _members(archive: zipfile.ZipFile, item: Item, scan: FileScan) -> None:
    case = scan.case(item)
    seen: set[str] = set()
    for info in archive.infolist():
        if info.is_dir() and not info.file_size:
            continue
        if info.filename in seen:
            scan.note(item, "twice", sure=70, mask="one-name-two-members")
        seen.add(info.filename)
        zip_file.one(archive, info, case)
