"""Read a file as the Document that is reviewed, in sandboxed processes; scanned pages by OCR."""

from __future__ import annotations

from collections.abc import Sequence

from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.service import SERVICE, CountPages, DrawPage, ReadDocument, Reading
from civicmail.core.redaction.shapes import Box, Document, Word
from civicmail.core.redaction.surviving import touches
from civicmail.core.redaction.words import plain
from civicmail.core.sandbox import pool
from civicmail.core.sandbox.errors import CRASHED, ENCRYPTED, TYPE_UNKNOWN, Unreadable
from civicmail.core.sandbox.ocr import Ocr

SECONDS = 120.0
"""Processor time for a file."""
OCR_DPI = 200
_ADVICE = {
    ENCRYPTED: "ask for its password, or withhold it whole",
    TYPE_UNKNOWN: "print it and review the print, or withhold it whole",
}


def document_of(content: bytes, filename: str = "", *, media_type: str = "", ocr: Ocr | None = None) -> Document:
    """The words of a part, and sentences about what else it holds. filename, media_type: for messages, texts and tables, which
    nothing else identifies. ocr: reads pictures; without it their pages have no words. Raises NotConverted."""
    try:
        reading = pool.shared(SERVICE).request(ReadDocument(filename, media_type), content, seconds=SECONDS)
    except Unreadable as error:
        raise NotConverted(_not_converted(error.why)) from None
    return _with_scans(content, reading, ocr) if reading.scans else reading.document


def page_count(content: bytes, *, seconds: float = SECONDS) -> int:
    """The pages of a PDF or picture. Raises NotConverted."""
    try:
        return pool.shared(SERVICE).request(CountPages(), content, seconds=seconds)
    except Unreadable as error:
        raise NotConverted(_not_converted(error.why)) from None


def page_picture(content: bytes, page: int, *, dpi: int = 100, seconds: float = SECONDS) -> bytes:
    """A page of a PDF or picture as PNG, as it is released before boxes are burned. Raises NotConverted."""
    try:
        return pool.shared(SERVICE).request(DrawPage(page, dpi), content, seconds=seconds)
    except Unreadable as error:
        raise NotConverted(_not_converted(error.why)) from None


def _not_converted(why: str) -> str:
    if why == CRASHED:
        return "The file was not converted: it crashes its reader. Print it and review the print, or withhold it whole."
    return f"The file was not converted ({why}): {_ADVICE.get(why, 'review a print of it, or withhold it whole')}."


def _with_scans(content: bytes, reading: Reading, ocr: Ocr | None) -> Document:
    """The document with the words that OCR finds on pages that are pictures."""
    document = reading.document
    hidden = list(document.hidden)
    by_page: dict[int, list[tuple[Word, str]]] = {page: [] for page in range(len(document.sizes))}
    for word, gap in zip(document.words, document.gaps, strict=True):
        by_page[word.page].append((word, gap))
    for page in reading.scans:
        found, why = _ocr_words(content, page, ocr)
        if why:
            hidden.append(f"page {page + 1} is a picture whose words were not read ({why}): redact it by boxes")
        known = [word.box for word, _ in by_page[page] if word.box is not None]
        by_page[page] += [(word, gap) for word, gap in found if not _is_known(word, known)]
    pairs = [pair for page in by_page.values() for pair in page]
    words, gaps = tuple(word for word, _ in pairs), tuple(gap for _, gap in pairs)
    return Document("pages", words, gaps, document.sizes, tuple(hidden))


def _ocr_words(content: bytes, page: int, ocr: Ocr | None) -> tuple[list[tuple[Word, str]], str]:
    if ocr is None:
        return [], "there is no OCR"
    found, why = ocr.boxes(page_picture(content, page, dpi=OCR_DPI))
    scale = 72 / OCR_DPI
    return [
        (Word(text, page, (x0 * scale, y0 * scale, x1 * scale, y1 * scale)), gap)
        for raw, gap, (x0, y0, x1, y1) in found
        if (text := plain(raw))
    ], why


def _is_known(word: Word, known: Sequence[Box]) -> bool:
    return word.box is not None and any(touches(word.box, box) for box in known)
