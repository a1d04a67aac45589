"""The text path: set a text again from the words that survive, with a label in the place of each redaction.

Nothing of the original is left: no fonts, no positions, no widths, no metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from civicmail.core.redaction import layout
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.service import SERVICE, SetText, Typeset
from civicmail.core.redaction.shapes import Box, Document, Redaction, ReleasedFile
from civicmail.core.redaction.surviving import pieces
from civicmail.core.sandbox import pool
from civicmail.core.sandbox.errors import Unreadable

PDF = "application/pdf"
SECONDS = 30.0
"""Processor time for any text, and for each million characters of a layout."""


def text_pdf(document: Document, redactions: Sequence[Redaction], *, title: str, lang: str, number: str) -> ReleasedFile:
    """A tagged PDF (PDF/A-2a, PDF/UA-1). title: its heading; number: of its first page, also its name. Raises NotConverted."""
    kept = pieces(document, redactions)
    result = set_layout(layout.layout(title=title, lang=lang, number=number, paragraphs=layout.paragraphs(kept)))
    return released([title, *(piece.text for piece in kept)], result, number)


def released(words: Iterable[str], result: Typeset, number: str, boxes: Sequence[tuple[int, Box]] = ()) -> ReleasedFile:
    """The file of a PDF that was set. words: without the numbers of its pages."""
    numbers = layout.page_numbers(number, result.pages)
    words = (*layout.shown(words, result.replaced), *numbers)
    return ReleasedFile(f"{number}.pdf", PDF, result.content, words, tuple(boxes), result.pages)


def set_layout(content: layout.Layout) -> Typeset:
    """Raises NotConverted."""
    data = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    try:
        return pool.shared(SERVICE).request(SetText(), data, seconds=SECONDS * (1 + len(data) / 1_000_000))
    except Unreadable as error:
        raise NotConverted(f"The text could not be set ({error.why}): release it as a picture, or withhold it whole.") from None
