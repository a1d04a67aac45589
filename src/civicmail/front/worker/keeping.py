"""Disposal as the whole program does it: what holds see of a capture, and the copies that lie outside of the archive.

The index takes out what a certificate names when it reads that in the journal (mail/search/tasks.py).
"""

from __future__ import annotations

from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.message import letter
from civicmail.core.query.tree import View
from civicmail.mail.archive import dispose as archive
from civicmail.mail.archive.dispose import Outcome
from civicmail.mail.archive.holds import Viewer
from civicmail.mail.archive.records import Capture
from civicmail.mail.archive.standing import disposed
from civicmail.mail.search.attached import NOTHING, what_they_say
from civicmail.mail.search.extracted import Extracts
from civicmail.mail.search.fields import view

log = get_logger()
_UUID = 36  # characters


def dispose(data: Path, *, proposer: str, approver: str, reason: str, now: int, files: Files = OS_FILES) -> Outcome:
    """Dispose of everything that is due, and of its copies in local mailboxes. now: ms. Raises what the archive raises."""
    try:
        return archive.dispose(data, proposer=proposer, approver=approver, reason=reason, now=now, view=viewer(data), files=files)
    finally:
        remove_copies(data, files)


def remove_copies(data: Path, files: Files = OS_FILES) -> int:
    """Remove what local mailboxes have of captures that certificates name; how many files. May be done any number of times."""
    gone = disposed(data)
    folders = set()
    count = 0
    for place in ("new", "cur"):
        for path in (data / "maildir").glob(f"*/*/{place}/*"):
            if path.name[:_UUID] in gone:
                files.unlink(path)
                folders.add(path.parent)
                count += 1
    for folder in sorted(folders):
        files.sync_folder(folder)
    return count


def viewer(data: Path) -> Viewer:
    """Text of attachments comes from what was read of them before; a file that was not read yet counts as one that nobody can read,
    so a hold that asks for words covers it."""
    look = Extracts(data).get

    def see(capture: Capture, body: bytes) -> View:
        try:
            found = letter.fields(body)
            said = what_they_say(found, look) if found.attachments else NOTHING
            seen = view(capture, found, said)
            seen["unreadable"] += said.waiting
        except Exception:  # whatever is wrong with one message, it must not let it go
            log.exception("holds.unreadable", capture=capture.uuid)
            seen = view(capture, letter.fields(b""))
            seen["unreadable"] += 1
        return seen

    return see
