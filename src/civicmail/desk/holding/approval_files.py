"""The files of an approval, as a manager sees them: these parts of the message and nothing else (P-22).

A sandboxed process reads their names under a permit; before that only sizes and hashes are known.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from civicmail.city.guard.permits import Permit
from civicmail.city.policy.finding_labels import code_label
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.filetype.types import TYPES
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.read import page_count, page_picture
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.holding.approval_summary import is_within
from civicmail.desk.holding.models import Approval
from civicmail.desk.mailbox.models import DraftFile
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.message_view import Run
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.views import words
from civicmail.mail.archive.errors import NotInArchive

DRAWN = frozenset(one.label for one in TYPES.values() if one.reading in ("pdf", "picture")) - {"unknown"}
"""Types whose pages are drawn."""
MAX_PAGES = 6
MAX_DRAWN_FILES = 5
SECONDS = 10.0
"""Processor time for the pages of a file, which a sender may have made to take long."""
THUMBNAIL_DPI, PAGE_DPI = 24, 100


@dataclass(frozen=True, slots=True)
class ApprovalFile:
    """One file. number: from 1; kind: file or link; name: for a link its address, empty if not read; true: its type by content;
    findings: of screening, in words; pages: of a PDF or picture, 0 if they cannot be shown."""

    number: int
    kind: str
    size: int
    sha256: str
    name: tuple[Run, ...] = ()
    true: str = ""
    odd: bool = False
    findings: str = ""
    pages: int = 0

    @property
    def what(self) -> str:
        """Its type by content, in the words of all pages."""
        return words.kind(self.true) if self.true else ""

    @property
    def shown_pages(self) -> range:
        """Numbers of the pages that are shown as pictures."""
        return range(1, min(self.pages, MAX_PAGES) + 1)

    @property
    def is_document(self) -> bool:
        """Whether its bytes are fixed: the file behind a link may change (P-22)."""
        return self.kind == "file"


def without_names(row: Approval) -> list[ApprovalFile]:
    """List the files without opening anything."""
    return [
        ApprovalFile(n, kind, size, sha256, findings=_findings(row, path))
        for n, (path, kind, size, sha256) in enumerate(row.parts, 1)
    ]


def _findings(row: Approval, path: str) -> str:
    labels = [code_label(check, code) for part, check, code in row.findings if is_within(part, path)]
    text = ", ".join(dict.fromkeys(labels))
    return f"{text[:1].upper()}{text[1:]}"


def with_names(row: Approval, permit: Permit) -> list[ApprovalFile]:
    """List the files with names, if the message can be read. Raises NotInArchive, DamagedFile."""
    if not row.capture:
        return [
            replace(shown_file, name=(Run(file.name),), true=file.kind, odd=file.odd) if file else shown_file
            for shown_file, file in _draft_files(row)
        ]
    body = _body(row, permit)
    by_path = {(file.path, file.sha256): file for file in sandboxed.files(body)}
    addresses = sandboxed.links(body, row.links) if row.links else {}
    shown = []
    for one, (path, kind, _, sha256) in zip(without_names(row), row.parts, strict=True):
        if kind == "link":
            shown.append(replace(one, name=addresses.get(sha256, ())))
            continue
        file = by_path.get((path, sha256))
        shown.append(one if file is None else replace(one, name=file.name, true=file.kind, odd=file.odd))
    return shown


def with_pages(row: Approval, permit: Permit) -> list[ApprovalFile]:
    """The same with the number of pages of the first files that are drawn. Raises NotInArchive, DamagedFile."""
    files = with_names(row, permit)
    drawn = [file for file in files if file.is_document and file.true in DRAWN][:MAX_DRAWN_FILES]
    return [_counted(row, permit, file) if file in drawn else file for file in files]


def _counted(row: Approval, permit: Permit, file: ApprovalFile) -> ApprovalFile:
    try:
        return replace(file, pages=page_count(content(row, permit, file.number - 1)[1], seconds=SECONDS))
    except (NotConverted, Unreadable):
        return file


def picture(row: Approval, permit: Permit, at: int, page: int, *, dpi: int) -> bytes:
    """A page of a file as PNG. at, page: from 0. Raises Unreadable, NotConverted, NotInArchive, DamagedFile."""
    return page_picture(content(row, permit, at)[1], page, dpi=dpi, seconds=SECONDS)


def for_sender(row: Approval, permit: Permit) -> list[ApprovalFile]:
    """List the files for their sender, under a permit for their own mail: with names while the message is archived."""
    try:
        return with_names(row, permit)
    except (NotInArchive, DamagedFile):
        return without_names(row)


def content(row: Approval, permit: Permit, at: int) -> tuple[str, bytes]:
    """Name and bytes of one file, and nothing else. at: from 0. Raises Unreadable, NotInArchive, DamagedFile."""
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
    """Files of a pre-approval that are still in the draft; None for a file that was removed or changed."""
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
