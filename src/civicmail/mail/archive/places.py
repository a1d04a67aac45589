"""Where a capture is stored: in a journal until it is sealed, then in a segment. Plain values; store.py reads them."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from civicmail.mail.archive.errors import InvalidId

PREFIX_LEAST = 12
_DIGITS = re.compile(r"[0-9a-f]{12,64}")
_DASHES = re.compile(r"(?<=[0-9a-f])-(?=[0-9a-f])")


@dataclass(frozen=True, slots=True)
class InJournal:
    """A record that is not sealed yet: the journal file and where its frame begins."""

    path: Path
    offset: int


@dataclass(frozen=True, slots=True)
class InSegment:
    """A sealed record. frame: number of the encrypted frame; offset: where the WARC record of the head begins inside it."""

    class_: str
    month: str
    segment: str
    frame: int
    offset: int


@dataclass(frozen=True, slots=True)
class Place:
    """One capture and its place. sha256 is empty if it comes from the catalogue alone; find() fills it."""

    id: bytes
    sha256: bytes
    where: InJournal | InSegment

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.id))


def digits_of(text: str) -> str:
    """Lower-case hexadecimal digits of a capture id, a SHA-256 or a prefix (at least 12) of either; dashes are optional.

    Raises InvalidId for other words.
    """
    digits = _DASHES.sub("", text.strip().lower())
    if not _DIGITS.fullmatch(digits):
        raise InvalidId(f'"{text}" is no id: a capture id, a SHA-256, or at least {PREFIX_LEAST} hexadecimal digits of either.')
    return digits
