"""Archives that are no zip: 7z, tar and packed files by the readers of core/sandbox, rar and cab by their lists, disk images
by their files."""

from __future__ import annotations

from io import BytesIO

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired

from civicmail.core.sandbox import sevenzip, tar_file
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_LARGE, TOO_MANY, Unreadable
from civicmail.mail.screening import cabinets, discs, rars
from civicmail.mail.screening.allowance import ENTRIES, EXPANDED, FLOOR, RATIO
from civicmail.mail.screening.looking import Item, Look

UNREAD = frozenset({"ace", "arj", "lha", "z", "cpio", "vmdk", "dmg", "vhdx"})
"""What nothing of ours opens: told as such, for a rule to decide."""


def find(item: Item, look: Look, true: str) -> str:
    """Look into it; what it is. Raises Spent."""
    look.careful(item, lambda: _inside(item, look, true), None)
    return true


def _inside(item: Item, look: Look, true: str) -> None:
    if true == "7z":
        _sevenzip(item, look)
    elif true in {"tar", "gz", "bz2", "xz", "zst"}:
        tar_file.read(item.content, look.case(item, apart=true == "zst"))
    elif true == "rar":
        _listed(rars.members(item.content), item, look)
    elif true == "cab":
        _listed(cabinets.members(item.content), item, look)
    elif true in {"iso", "vhd"}:
        _disc(item, look)
    elif true in UNREAD:
        look.note(item, "unread", "unread", sure=50, mask=true)


def _sevenzip(item: Item, look: Look) -> None:
    """Its list first: it says what would be unpacked, and names stand there even where the contents have a password."""
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
        _listed([(info.filename, True) for info in listed if not info.is_directory], item, look)
        return
    whole = sum(info.uncompressed or 0 for info in listed)
    if whole > EXPANDED or (whole > FLOOR and whole > RATIO * len(item.content)):
        raise Unreadable(TOO_LARGE)
    sevenzip.read(item.content, look.case(item))


def _listed(members: list[tuple[str, bool]], item: Item, look: Look) -> None:
    """members: (name, whether it is encrypted). What is in them is not seen."""
    for name, encrypted in members[:ENTRIES]:
        look.allowance.member(item.depth + 1)
        member = item.member(name, b"", unseen=True)
        look.inside(member, look)
        if encrypted:
            look.unread(member, ENCRYPTED)
    if len(members) > ENTRIES:
        raise Unreadable(TOO_MANY)


def _disc(item: Item, look: Look) -> None:
    for name, start, size in discs.files(item.content):
        look.allowance.member(item.depth + 1)
        look.allowance.expand(size)
        look.inside(item.member(name, item.content[start : start + size]), look)
