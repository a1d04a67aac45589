"""Disposal for the whole program: holds, and copies outside the archive.

The index removes what a certificate names when it reads it in the journal (mail/search/tasks.py).
"""

from __future__ import annotations

from pathlib import Path

from civicmail.city.guard.four_eyes import Facts
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Patience
from civicmail.mail.archive import dispose as archive
from civicmail.mail.archive.dispose import Outcome
from civicmail.mail.archive.inventory import disposed
from civicmail.mail.search.query_view import viewer

PATIENCE = Patience(600)  # seconds: a large seal that is under way
_UUID = 36  # characters


def dispose(
    data: Path,
    *,
    manifest: str,
    proposer: str,
    approver: str,
    eyes: Facts,
    reason: str,
    now: int,
    files: Files = OS_FILES,
    patience: Patience = PATIENCE,
) -> Outcome:
    """Dispose of what a manifest lists and what is still due, and of its copies in local mailboxes. A worker lets the lease `seal`
    go for it.

    manifest: its digest; now: ms; eyes: what is known of the two people (city/guard/four_eyes.py). Raises what the archive raises.
    """
    try:
        return archive.dispose(
            data,
            manifest=manifest,
            proposer=proposer,
            approver=approver,
            eyes=eyes,
            reason=reason,
            now=now,
            view=viewer(data),
            files=files,
            patience=patience,
        )
    finally:
        remove_copies(data, files)


def remove_copies(data: Path, files: Files = OS_FILES) -> int:
    """Remove what local mailboxes have of captures that certificates name; how many files. May be done any number of times."""
    disposed_ = disposed(data)
    folders = set()
    count = 0
    for place in ("new", "cur"):
        for path in (data / "maildir").glob(f"*/*/{place}/*"):
            if path.name[:_UUID] in disposed_:
                files.unlink(path)
                folders.add(path.parent)
                count += 1
    for folder in sorted(folders):
        files.sync_folder(folder)
    return count
