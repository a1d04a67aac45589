"""Scan archives other than zip: 7z, tar and compressed files by unpacking, rar and cab by their lists, disk images by their
files."""

from __future__ import annotations

from io import BytesIO

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired

from civicmail.core.sandbox import sevenzip, tar_file
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_LARGE, TOO_MANY, Unreadable
from civicmail.mail.screening import cab_archives, disk_images, rar_archives
from civicmail.mail.screening.allowance import ENTRIES, EXPANDED, FLOOR, RATIO
from civicmail.mail.screening.file_scan import FileScan, Item

UNREAD = frozenset({"ace", "arj", "lha", "z", "cpio", "vmdk", "dmg", "vhdx"})
"""Formats that nothing here opens: reported as such, for a rule to decide."""


def find(item: Item, scan: FileScan, true: str) -> str:
    """Scan the archive; return its type. Raises Spent."""
    scan.guarded(item, lambda: _inside(item, scan, true), None)
    return true


def _inside(item: Item, scan: FileScan, true: str) -> None:
    if true == "7z":
        _sevenzip(item, scan)
    elif true in {"tar", "gz", "bz2", "xz", "zst"}:
        tar_file.read(item.content, scan.case(item, scan_separately=true == "zst"))
    elif true == "rar":
        _listed(rar_archives.members(item.content), item, scan)
    elif true == "cab":
        _listed(cab_archives.members(item.content), item, scan)
    elif true in {"iso", "vhd"}:
        _disc(item, scan)
    elif true in UNREAD:
        scan.note(item, "unread", "unread", sure=50, mask=true)


def _sevenzip(item: Item, scan: FileScan) -> None:
    """Read the list first: it gives the sizes before anything is unpacked, and names even where contents need a password."""
    try:
        with py7zr.SevenZipFile(BytesIO(item.content)) as archive:
            locked = archive.needs_password()
            listed = archive.list()
    except PasswordRequired:
        raise Unreadable(ENCRYPTED) from None
    except ArchiveError:
        raise Unreadable(DAMAGED) from None
    if len(listed) > ENTRIES:
        raise Unreadable(TOO_MANY)
    if locked:
        _listed([(info.filename, True) for info in listed if not info.is_directory], item, scan)
        return
    whole = sum(info.uncompressed or 0 for info in listed)
    if whole > EXPANDED or (whole > FLOOR and whole > RATIO * len(item.content)):
        raise Unreadable(TOO_LARGE)
    sevenzip.read(item.content, scan.case(item))


def _listed(members: list[tuple[str, bool]], item: Item, scan: FileScan) -> None:
    """Scan the names of members whose contents are not read. members: (name, whether it is encrypted)."""
    for name, encrypted in members[:ENTRIES]:
        scan.allowance.member(item.depth + 1)
        member = item.member(name, b"", is_unseen=True)
        scan.inside(member, scan)
        if encrypted:
            scan.unread(member, ENCRYPTED)
    if len(members) > ENTRIES:
        raise Unreadable(TOO_MANY)


def _disc(item: Item, scan: FileScan) -> None:
    for name, start, size in disk_images.files(item.content):
        scan.allowance.member(item.depth + 1)
        scan.allowance.expand(size)
        scan.inside(item.member(name, item.content[start : start + size]), scan)
