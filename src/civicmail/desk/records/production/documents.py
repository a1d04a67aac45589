"""A produced document, as the lists and load files of a production show it: only what survived redaction. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Made:
    """A released file. place: its folder in the package; sha256: of the released bytes, never of the original."""

    place: str
    name: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        return f"{self.place}/{self.name}"


@dataclass(frozen=True, slots=True)
class ProducedDocument:
    """item: its number in the request; parent: that of its message, 0 for a message; first, last: Bates numbers of its pages.

    header: fields of the message that survived (From, To, Cc, Subject, Date); codes: of its redactions; holders: mailboxes that had
    it; files: by kind: pdf, text, eml, csv; images: of its pages, where load files are made.
    """

    item: int
    parent: int
    first: str
    last: str
    pages: int
    media_type: str
    is_redacted: bool
    header: dict[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    boxes: tuple[int, ...] = ()
    holders: tuple[str, ...] = ()
    copies: tuple[int, ...] = ()
    files: dict[str, Made] = field(default_factory=dict)
    images: tuple[Made, ...] = ()

    @property
    def family(self) -> int:
        return self.parent or self.item


def families(documents: Sequence[ProducedDocument]) -> dict[int, tuple[str, str]]:
    """Number of a message -> first and last page of its family, as far as that is produced."""
    ranges: dict[int, tuple[str, str]] = {}
    for document in documents:
        first, _ = ranges.get(document.family, (document.first, ""))
        ranges[document.family] = (first, document.last)
    return ranges
