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
from civicmail.desk.viewer import limited
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.shown import File, Run
from civicmail.desk.viewer.views import words
from civicmail.mail.archive.errors import NotInArchive

PAGES = 20
"""Pages of files of one message that are looked through for the names."""


@dataclass(frozen=True, slots=True)
class Shown:
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


def bare(row: Approval) -> list[Shown]:
    """Without opening anything."""
    return [Shown(n, kind, size, sha256) for n, (_, kind, size, sha256) in enumerate(row.parts, 1)]


def of(row: Approval, permit: Permit) -> list[Shown]:
    """With their names, as far as the message can be read. Raises NotInArchive, DamagedFile."""
    if not row.capture:
        return [replace(one, name=(Run(file.name),), true=file.kind, odd=file.odd) if file else one for one, file in _drafted(row)]
    body = _body(row, permit)
    found = {(file.path, file.sha256): file for file in _files(body)}
    addresses = limited.links(body, row.links) if row.links else {}
    shown = []
    for one, (path, kind, _, sha256) in zip(bare(row), row.parts, strict=True):
        if kind == "link":
            shown.append(replace(one, name=addresses.get(sha256, ())))
            continue
        file = found.get((path, sha256))
        shown.append(one if file is None else Shown(one.number, one.kind, one.size, sha256, file.name, file.kind, file.odd))
    return shown


def of_sender(row: Approval, permit: Permit) -> list[Shown]:
    """For whoever sent them, under a permit for their own mail: with names, as long as the message is kept."""
    try:
        return of(row, permit)
    except (NotInArchive, DamagedFile):
        return bare(row)


def content(row: Approval, permit: Permit, at: int) -> tuple[str, bytes]:
    """Name and bytes of one of them, and of nothing else. at: from 0. Raises Unreadable, NotInArchive, DamagedFile."""
    path, kind, _, _ = row.parts[at]
    if not row.capture:
        file = list(_drafted(row))[at][1]
        if file is None:
            raise Unreadable("gone")
        return file.name, bytes(file.content)
    found = limited.part(_body(row, permit), path) if kind == "file" and row.capture else None
    if found is None:
        raise Unreadable("gone")
    return found


def _drafted(row: Approval) -> Iterator[tuple[Shown, DraftFile | None]]:
    """What was put up, as it still stands in the draft; None for a file that is gone, or is not what it was."""
    assert row.draft is not None, "what is of no message is of a draft"
    there = {(str(f.pk), f.sha256): f for f in DraftFile.objects.filter(draft__uid=row.draft)}
    for one, (path, _, _, sha256) in zip(bare(row), row.parts, strict=True):
        yield one, there.get((path, sha256))


def _body(row: Approval, permit: Permit) -> bytes:
    archive = store().archive()
    place = archive.place(uuid.UUID(row.capture).bytes)
    if place is None:
        raise NotInArchive("Nothing is kept under this number.")
    return archive.body(permit, place)


def _files(body: bytes) -> Iterator[File]:
    for page in range(1, PAGES + 1):
        shown = limited.read(body, files_page=page)
        if shown is None:
            return
        yield from shown.files
        if page >= shown.files_pages:
            return
