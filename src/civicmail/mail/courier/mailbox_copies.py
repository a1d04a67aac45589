"""Delivered copies in mailboxes: find them by capture id, remove them, and restore them (P-31).

    with live.open("ann@city.example") as box:
        box.find(capture, since)                       where it is now, in any folder
        box.remove(places)
        box.put(place, content, capture)               with its flags, its folder and its time

This module has local Maildir folders; imap_mailboxes.py has Dovecot. Errors are OSError: the caller tries again later.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.courier.maildir import mailbox

_FLAGS = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted"}
"""Letters of a Maildir file name, in their order, and what IMAP calls them (RFC 9051 2.3.2)."""


@dataclass(frozen=True, slots=True)
class CopyLocation:
    """One place of a copy. folder: "INBOX" or another name of IMAP; name: what removes it there; flags: as IMAP has them, in
    order; at: ms, the time that the mailbox tells of it."""

    folder: str
    name: str
    flags: tuple[str, ...]
    at: int

    def plain(self) -> dict[str, Any]:
        """For a record; the name is of no use later."""
        return {"folder": self.folder, "flags": list(self.flags), "at": self.at}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> CopyLocation:
        return cls(str(plain["folder"]), "", tuple(map(str, plain["flags"])), int(plain["at"]))


class MailboxAccess(Protocol):
    """One mailbox. capture: its id as a UUID; since: ms, the copy came at this time or later."""

    def find(self, capture: str, since: int) -> list[CopyLocation]: ...

    def remove(self, places: Sequence[CopyLocation]) -> None: ...

    def put(self, place: CopyLocation, content: bytes, capture: str) -> None: ...


class MailboxStore(Protocol):
    """Where the mailboxes of people are."""

    def open(self, mailbox: str) -> AbstractContextManager[MailboxAccess]: ...


class MaildirStore:
    """The Maildir folders below <data>/maildir, and those that mail programs have made in them (Maildir++)."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._data = data
        self._files = files

    def open(self, mailbox: str) -> AbstractContextManager[MailboxAccess]:
        return nullcontext(MaildirMailbox(self._top(mailbox), self._files))

    def _top(self, address: str) -> Path:
        local, _, domain = address.rpartition("@")
        return mailbox(self._data, domain, local)


class MaildirMailbox:
    """One of them. top: its folder."""

    def __init__(self, top: Path, files: Files) -> None:
        self._top = top
        self._files = files

    def find(self, capture: str, since: int) -> list[CopyLocation]:
        top, copies = self._top, list[CopyLocation]()
        for box in (top, *sorted(p for p in top.glob(".*") if p.is_dir() and not p.is_symlink())) if top.is_dir() else ():
            for place in (box / "new", box / "cur"):
                there = sorted(place.glob(f"{capture}*")) if place.is_dir() else []
                copies += [self._lying(top, path) for path in there if path.name.partition(":")[0] == capture]
        return copies

    def remove(self, places: Sequence[CopyLocation]) -> None:
        top = self._top
        for path in (top / place.name for place in places):
            self._files.unlink(path)
        for folder in sorted({(top / place.name).parent for place in places}):
            if folder.is_dir():
                self._files.sync_folder(folder)

    def put(self, place: CopyLocation, content: bytes, capture: str) -> None:
        """Restore a copy; an unread one is in `new` again."""
        top = self._top
        box = top if place.folder == "INBOX" else top / f".{place.folder}"
        letters = "".join(letter for letter, flag in _FLAGS.items() if flag in place.flags)
        to = box / "cur" / f"{capture}:2,{letters}" if letters else box / "new" / capture
        for name in ("tmp", "new", "cur"):
            self._files.make_folder(box / name, levels=3)
        tmp = box / "tmp" / capture
        self._files.unlink(tmp)
        file = self._files.open(tmp, create=True)
        try:
            file.write_at(0, [content])
            file.sync()
        finally:
            file.close()
        os.utime(tmp, (place.at / 1000, place.at / 1000))
        self._files.rename(tmp, to)
        self._files.sync_folder(to.parent)

    @staticmethod
    def _lying(top: Path, path: Path) -> CopyLocation:
        inner = path.relative_to(top).parts
        folder = inner[0].removeprefix(".") if len(inner) == 3 else "INBOX"
        letters = path.name.partition(":2,")[2]
        flags = tuple(flag for letter, flag in _FLAGS.items() if letter in letters)
        return CopyLocation(folder, str(path.relative_to(top)), flags, int(path.stat().st_mtime * 1000))
