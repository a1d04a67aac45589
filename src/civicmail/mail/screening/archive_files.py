"""Scan archives other than zip: the members of those that can be unpacked, the names of the others."""

from __future__ import annotations

from civicmail.core.archives.archive import open_archive
from civicmail.core.archives.errors import ENCRYPTED, TOO_MANY, Unreadable
from civicmail.mail.screening.file_scan import FileScan, Item

UNREAD = frozenset({"ace", "arj", "lha", "z", "cpio", "vmdk", "dmg", "vhdx"})
"""Formats that nothing here opens: reported as such, for a rule to decide."""


def find(item: Item, scan: FileScan, true: str) -> str:
    """Scan the archive; return its type. Raises Spent."""
    if true in UNREAD:
        scan.note(item, "unread", "unread", sure=50, mask=true)
    else:
        scan.guarded(item, lambda: _members(item, scan, true), None)
    return true


def _members(item: Item, scan: FileScan, true: str) -> None:
    case = scan.case(item, scan_separately=true == "zst")
    with open_archive(item.content, true, case.budget) as archive:
        for number, member in enumerate(archive.members()):
            if number >= case.budget.limits.listed:
                raise Unreadable(TOO_MANY)
            if archive.has_contents:
                case.read_member(archive, member)
                continue
            scan.allowance.member(item.depth + 1)
            unseen = item.member(member.name, b"", is_unseen=True)
            scan.inside(unseen, scan)
            if member.encrypted:
                scan.unread(unseen, ENCRYPTED)
