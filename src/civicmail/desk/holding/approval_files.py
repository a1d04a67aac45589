"""The files that wait, as a manager sees them: these parts of the message and nothing else of it (P-22).

Their names are read from the message under a permit, in a limited process; before that only sizes and hashes are known.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from civicmail.city.access.permits import Permit
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.holding.models import Approval
from civicmail.desk.mailbox.models import DraftFile
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.message_view import File, Run
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.views import words
from civicmail.mail.archive.errors import NotInArchive

MAX_PAGES = 20
"""Pages of files of one message that are looked through for the names."""


@dataclass(frozen=True, slots=True)
class ApprovalFile:
    """One file. number: from 1; kind: file or link; name: of a link its address, empty where it was not read; true: what it is by
    its content."""

    number: int
    kind: str
    size: int
    sha256: str
    name: tuple[Run, ...] = ()
    true: str = ""
    odd: bool = False

    @property
    def what(self) -> str:
        """What it is by its content, in the words that every page has for it."""
        return words.kind(self.true) if self.true else ""

    @property
    def is_document(self) -> bool:
        """Whether it is these bytes for ever: behind a link another one may lie tomorrow (P-22)."""
        return self.kind == "file"


def without_names(row: Approval) -> list[ApprovalFile]:
    """Without opening anything."""
    return [ApprovalFile(n, kind, size, sha256) for n, (_, kind, size, sha256) in enumerate(row.parts, 1)]


def with_names(row: Approval, permit: Permit) -> list[ApprovalFile]:
    """With their names, as far as the message can be read. Raises NotInArchive, DamagedFile."""
    if not row.capture:
        return [
            replace(shown_file, name=(Run(file.name),), true=file.kind, odd=file.odd) if file else shown_file
            for shown_file, file in _draft_files(row)
        ]
    body = _body(row, permit)
    by_path = {(file.path, file.sha256): file for file in _files(body)}
    addresses = sandboxed.links(body, row.links) if row.links else {}
    shown = []
    for one, (path, kind, _, sha256) in zip(without_names(row), row.parts, strict=True):
        if kind == "link":
            shown.append(replace(one, name=addresses.get(sha256, ())))
            continue
        file = by_path.get((path, sha256))
        shown.append(one if file is None else ApprovalFile(one.number, one.kind, one.size, sha256, file.name, file.kind, file.odd))
    return shown


def for_sender(row: Approval, permit: Permit) -> list[ApprovalFile]:
    """For whoever sent them, under a permit for their own mail: with names, as long as the message is kept."""
    try:
        return with_names(row, permit)
    except (NotInArchive, DamagedFile):
        return without_names(row)


def content(row: Approval, permit: Permit, at: int) -> tuple[str, bytes]:
    """Name and bytes of one of them, and of nothing else. at: from 0. Raises Unreadable, NotInArchive, DamagedFile."""
    path, kind, _, _ = row.parts[at]
    if not row.capture:
        file = list(_draft_files(row))[at][1]
        if file is None:
            raise Unreadable("gone")
        return file.name, bytes(file.content)
    file_part = sandboxed.part(_body(row, permit), path) if kind == "file" and row.capture else None
    if file_part is None:
        raise Unreadable("gone")
    return file_part


def _draft_files(row: Approval) -> Iterator[tuple[ApprovalFile, DraftFile | None]]:
    """What was put up, as it still stands in the draft; None for a file that is gone, or is not what it was."""
    assert row.draft is not None, "what is of no message is of a draft"
    draft_files = {(str(f.pk), f.sha256): f for f in DraftFile.objects.filter(draft__uid=row.draft)}
    for shown_file, (path, _, _, sha256) in zip(without_names(row), row.parts, strict=True):
        yield shown_file, draft_files.get((path, sha256))


def _body(row: Approval, permit: Permit) -> bytes:
    archive = store().archive()
    place = archive.place(uuid.UUID(row.capture).bytes)
    if place is None:
        raise NotInArchive("Nothing is kept under this number.")
    return archive.body(permit, place)


def _files(body: bytes) -> Iterator[File]:
    for page in range(1, MAX_PAGES + 1):
        shown = sandboxed.read(body, files_page=page)
        if shown is None:
            return
        yield from shown.files
        if page >= shown.files_pages:
            return
