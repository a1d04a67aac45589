"""Partial approval: whether some files of a message can leave without the others, and which (P-22).

A link to a shared file is part of the text, so it leaves with every approval. Equal files are one file, because bytes are
approved.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from civicmail.city.guard.errors import Unusable, field_error
from civicmail.city.policy.approvals import PartialApproval
from civicmail.core.config.errors import LaterError
from civicmail.core.config.sentence import Sentence, sentence
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.mail.archive.errors import NotInArchive

NOT_SEPARABLE = sentence("This message is signed, or packed in a way that cannot be taken apart: all of its files leave, or none.")

_LINKS_ARE_TEXT = sentence("The text has links to shared files, which leave with it, so it waits for the approval, too.")


def file_numbers(row: Approval) -> list[int]:
    """Numbers of its files, from 1, without links."""
    return [number for number, part in enumerate(row.parts, 1) if part[1] == "file"]


def has_choice(row: Approval) -> bool:
    """Whether it has more than one file to decide on."""
    return len({row.parts[number - 1][3] for number in file_numbers(row)}) > 1


def is_separable(row: Approval) -> bool:
    """Whether each file can be stripped alone. A pre-approval is separable."""
    if not row.capture:
        return True
    try:
        removable = queries.held_copies().removable_files(uuid.UUID(row.capture).bytes)
    except (NotInArchive, DamagedFile, LaterError):
        return False
    return all(row.parts[number - 1][0] in removable for number in file_numbers(row))


def text_obstacle(row: Approval) -> Sentence | None:
    """Why the text of this message cannot leave without its files; None if it can."""
    if row.links:
        return _LINKS_ARE_TEXT
    return None if row.capture and is_separable(row) else NOT_SEPARABLE


def withheld_files(row: Approval, chosen: Collection[int]) -> list[str]:
    """SHA-256 of the files that stay if only these numbers leave; empty if all leave. Raises Unusable."""
    if not set(chosen) <= set(file_numbers(row)):
        raise Unusable("One of these files is not of this message. Reload the page.", {"leave": "Choose the files once more."})
    leaving = {row.parts[number - 1][3] for number in chosen}
    withheld = [row.parts[number - 1][3] for number in file_numbers(row) if row.parts[number - 1][3] not in leaving]
    if withheld and not is_separable(row):
        raise field_error("leave", NOT_SEPARABLE)
    return list(dict.fromkeys(withheld))


def file_choice(copy: ApprovalCopy) -> PartialApproval:
    """The choice for the records of the archive."""
    files = [(str(part[0]), str(part[3])) for part in copy.approval.parts if part[1] == "file"]
    if not copy.without:
        return PartialApproval()
    return PartialApproval(
        tuple(part for part in files if part[1] not in copy.without), tuple(part for part in files if part[1] in copy.without)
    )
