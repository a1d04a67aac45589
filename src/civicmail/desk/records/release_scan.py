"""The last look for personal data before everybody may read a release: its released words, by the detectors. Pure but for the
sandbox that reads PDF and mail.

A finding names file, page and kind, and never the value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath

import msgspec

from civicmail.city.law.pack import LawPack
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.manifest import NAME as MANIFEST
from civicmail.core.redaction.page_images import ENDS
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document
from civicmail.core.redaction.words import text_document
from civicmail.desk.records.detectors import DETECTORS, detect

READ = (".pdf", ".eml")
"""Ends of names of files that the sandbox reads; all others are plain text."""
UNREADABLE = "unreadable"


class Finding(msgspec.Struct, frozen=True, order=True):
    """page: from 1, 0 in a text; kind: a detector, or UNREADABLE; count: how often on that page."""

    file: str
    page: int
    kind: str
    count: int = 1

    @property
    def title(self) -> str:
        return DETECTORS[self.kind].title if self.kind in DETECTORS else "It could not be read"


def scan(name: str, content: bytes, pack: LawPack) -> list[Finding]:
    """What a released file shows that is not normally public by the law. The manifest has only names and checksums,
    and images show pages of PDFs."""
    if name == MANIFEST or PurePath(name).suffix in ENDS.values():
        return []
    if PurePath(name).suffix not in READ:
        return sorted(findings(name, text_document([content.decode("utf-8", "replace")]), pack))
    try:
        return sorted(findings(name, document_of(content, name), pack))
    except NotConverted:
        return [Finding(name, 0, UNREADABLE)]


def findings(name: str, document: Document, pack: LawPack) -> Iterator[Finding]:
    """What a document shows that is not normally public."""
    is_paged = document.kind == "pages"
    places = Counter(
        (document.words[one.first].page + 1 if is_paged else 0, one.detector)
        for one in detect(document)
        if not pack.warnings(one.detector)
    )
    for (page, kind), count in places.items():
        yield Finding(name, page, kind, count)


def kinds_in(text: str) -> list[str]:
    """Titles of all kinds of personal data in a text, normally public ones too."""
    return list(dict.fromkeys(DETECTORS[one.detector].title for one in detect(text_document([text]))))


def remaining(found: Iterable[Finding], allowed: Iterable[Finding]) -> list[Finding]:
    """What was found and nobody has allowed."""
    passed = set(allowed)
    return sorted(one for one in set(found) if one not in passed)
