"""The released files of one document: PDF, text, cells, and for a message a new message. All of them from words that survive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from civicmail.core.redaction.layout import spelled
from civicmail.core.redaction.picture_path import picture_pdf
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.sheet_path import sheet_csv, sheet_pdf
from civicmail.core.redaction.surviving import pieces
from civicmail.core.redaction.text_path import text_pdf

FIELDS = ("From", "To", "Cc", "Subject", "Date")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


@dataclass(frozen=True, slots=True)
class Source:
    """An item as it was read. document: None if it has no words that could be reviewed; why: a sentence then."""

    content: bytes
    document: Document | None
    why: str = ""


def files_of(
    source: Source, document: Document, redactions: Sequence[Redaction], *, title: str, lang: str, number: str
) -> dict[str, tuple[ReleasedFile, ...]]:
    """Kind of file -> the files: pdf, text, and csv for a spreadsheet. Raises NotConverted."""
    made: dict[str, tuple[ReleasedFile, ...]] = {"text": (text_file(document, redactions, number),)}
    if document.kind == "pages":
        made["pdf"] = (picture_pdf(source.content, document, redactions, title=title, lang=lang, number=number),)
    elif document.kind == "sheet":
        made["pdf"] = (sheet_pdf(document, redactions, title=title, lang=lang, number=number),)
        made["csv"] = sheet_csv(document, redactions, number=number)
    else:
        made["pdf"] = (text_pdf(document, redactions, title=title, lang=lang, number=number),)
    return made


def text_file(document: Document, redactions: Sequence[Redaction], number: str) -> ReleasedFile:
    """The surviving text in UTF-8, as search programs and screen readers take it."""
    kept = [(_spelled(piece.text), piece.gap) for piece in pieces(document, redactions)]
    text = "".join(word + gap for word, gap in kept).rstrip() + "\n"
    return ReleasedFile(f"{number}.txt", "text/plain", text.encode("utf-8", "replace"), tuple(word for word, _ in kept))


def header_of(document: Document, redactions: Sequence[Redaction]) -> dict[str, str]:
    """The header fields of a message that survive, with labels in the place of what does not."""
    lines = "".join(piece.text + piece.gap for piece in pieces(document, redactions)).partition("\n\n")[0].split("\n")
    fields = (line.partition(":") for line in lines)
    return {name: _spelled(value.strip()) for name, _, value in fields if name in FIELDS}


def _spelled(text: str) -> str:
    return _CONTROL.sub(lambda match: spelled(match[0]), text)
