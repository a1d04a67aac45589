"""The picture path: draw the pages of a PDF, scan or photograph anew, burn boxes into the pixels, and lay the surviving words over
them as invisible text.

Each redaction has its label beside the page at the height of its box, because a requester contests it by its number.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from civicmail.core.redaction import layout
from civicmail.core.redaction.burned_boxes import BurnedBox, burned_boxes, visible_words
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.service import SERVICE, BurnPages
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile, Word
from civicmail.core.redaction.surviving import label
from civicmail.core.redaction.text_path import released
from civicmail.core.sandbox import pool
from civicmail.core.sandbox.errors import Unreadable

DPI = 200
SECONDS, PAGE_SECONDS = 20.0, 4.0
"""Processor time for any file, and for each page."""
SIDE, FOOT = 150.0, 14.0
"""Points beside a page for labels, and below it for its number."""
LABEL_CHARACTERS, LABEL_LINE = 36, 8.0
"""Characters of a line of a label, and its height in points."""


def picture_pdf(
    content: bytes, document: Document, redactions: Sequence[Redaction], *, title: str, lang: str, number: str
) -> ReleasedFile:
    """A PDF/A-2a of pictures with invisible text. content: the original, which document_of() read. Raises NotConverted."""
    if document.kind != "pages":
        raise ValueError("only pages are released as pictures")
    burned = burned_boxes(document, redactions)
    words = visible_words(document, burned)
    data = layout.layout(title=title, lang=lang, number=number, paragraphs=())
    shown, data["pages"] = _pages(document, words, burned)
    boxes = tuple(tuple(one.box for one in burned if one.page == page) for page in range(len(document.sizes)))
    request = BurnPages(data, boxes, DPI)
    try:
        result = pool.shared(SERVICE).request(request, content, seconds=SECONDS + PAGE_SECONDS * len(document.sizes))
    except Unreadable as error:
        raise NotConverted(f"The pages could not be drawn ({error.why}): withhold the file whole.") from None
    if result.pages != len(document.sizes):
        raise NotConverted("The pages are not those that were reviewed: withhold the file whole.")
    return released(shown, result, number, [(one.page, one.box) for one in burned])


def _pages(document: Document, words: Iterable[Word], burned: Iterable[BurnedBox]) -> tuple[list[str], list[dict[str, Any]]]:
    """All that the pages show, and their layout."""
    pages: list[dict[str, Any]] = []
    for n, (width, height) in enumerate(document.sizes):
        labels = _labels([one for one in burned if one.page == n], height)
        side = SIDE if labels else 0.0
        pages.append({"width": width + side, "height": height + FOOT, "side": side, "words": [], "labels": labels})
    for word in words:
        assert word.box is not None
        x0, y0, x1, y1 = word.box
        pages[word.page]["words"].append({"text": word.text, "x": x0, "y": y0, "width": x1 - x0, "height": max(1.0, y1 - y0)})
    return [part["text"] for page in pages for kind in ("words", "labels") for part in page[kind]], pages


def _labels(burned: Sequence[BurnedBox], height: float) -> list[dict[str, Any]]:
    """Labels of a page from top to bottom, each at the height of its first box or below the label before."""
    first: dict[Redaction, float] = {}
    for one in burned:
        first.setdefault(one.redaction, one.box[1])
    texts = [(textwrap.wrap(label(redaction), LABEL_CHARACTERS), top) for redaction, top in first.items()]
    lines = [len(text) for text, _ in texts]
    line = min(LABEL_LINE, (height - FOOT) / max(1, sum(lines)))
    placed: list[dict[str, Any]] = []
    free, behind = 0.0, sum(lines)
    for (text, top), count in zip(texts, lines, strict=True):
        y = max(free, min(top, height - behind * line))
        placed.append({"text": " ".join(text), "lines": text, "y": y, "size": 0.75 * line})
        free, behind = y + count * line, behind - count
    return placed
