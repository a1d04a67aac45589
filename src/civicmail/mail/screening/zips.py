"""Scan zip files: their kind by their members (office documents, Java, Android, plain archives), and their contents.

A directory that is too long is not read: one of a million names takes ten seconds, and nobody sends one by mail.
"""

from __future__ import annotations

from io import BytesIO

from civicmail.core.archives import zip_headers
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype import file_names
from civicmail.mail.screening import officefiles
from civicmail.mail.screening.file_scan import FileScan, Item

_PARTS = frozenset(
    {
        *("", "xml", "rels", "bin", "vml", "rdf", "psmdcp", "data", "tmp", "docx", "xlsx", "pptx", "odttf", "ttf", "fntdata"),
        *("png", "jpg", "jpeg", "gif", "tif", "tiff", "bmp", "emf", "wmf", "wdp", "svg", "svm", "wav", "mp3", "mp4"),
    }
)
"""Extensions of the parts of office documents; officefiles.py scans documents in them."""
_ARCHIVES = frozenset({"zip", "jar", "apk", "msix"})


def find(item: Item, scan: FileScan) -> str:
    """Scan the archive; return its kind. Raises Spent."""
    kind = "zip"
    try:
        with ZipArchive(BytesIO(item.content), scan.case(item).budget) as archive:
            kind = archive.file_type().name
            _two_lists(archive, item, scan)
            if kind in _ARCHIVES:
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
    for header in zip_headers.between(item.content, 0, len(item.content)):
        _by_header(header, item, scan)


def _by_header(header: zip_headers.Header, item: Item, scan: FileScan) -> None:
    """Scan a member as its local header describes it."""
    scan.allowance.member(item.depth + 1)
    unseen = item.member(header.name, b"", is_unseen=True)
    if header.encrypted:
        scan.unread(unseen, ENCRYPTED)
        scan.inside(unseen, scan)
        return
    try:
        content = zip_headers.unpacked(item.content, header, scan.allowance.expand)
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


def _two_lists(archive: ZipArchive, item: Item, scan: FileScan) -> None:
    """Scan what local headers say differently from the directory: other names, unlisted members. Some programs show those."""
    infos = archive.infos
    for info in infos:
        if (header := zip_headers.differs(item.content, info)) is not None:
            scan.note(item.member(info.filename, b""), "name-differs", "mismatch", sure=80)
            scan.inside(item.member(info.filename, b"", is_unseen=True), scan)
            _by_header(header, item, scan)
        elif info.orig_filename != info.filename and _differ(info.orig_filename, info.filename):
            scan.inside(item.member(info.orig_filename, b"", is_unseen=True), scan)
    hidden = False
    for header in zip_headers.unlisted(item.content, infos, archive.start):
        hidden = True
        _by_header(header, item, scan)
    if hidden:
        scan.note(item, "unlisted", "mismatch", sure=60)


def _differ(name: str, other: str) -> bool:
    """Whether two names of a member have different extensions, or one hides its extension."""
    one, two = file_names.read(name), file_names.read(other)
    return (one.ending, one.tricks) != (two.ending, two.tricks)


def _foreign(archive: ZipArchive, item: Item, scan: FileScan) -> None:
    """Scan what is no part of an office document: the file may also be an archive for a program that opens it as one."""
    case = scan.case(item)
    for member in archive.members():
        if file_names.read(member.name).ending not in _PARTS:
            case.read_member(archive, member)


def _members(archive: ZipArchive, item: Item, scan: FileScan) -> None:
    case = scan.case(item)
    seen: set[str] = set()
    for member in archive.members():
        if member.name in seen:
            scan.note(item, "twice", sure=70, mask="one-name-two-members")
        seen.add(member.name)
        case.read_member(archive, member)
