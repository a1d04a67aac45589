"""Read released files as somebody else would: by two engines, by letters alone."""

from __future__ import annotations

import unicodedata
from io import BytesIO

import pypdfium2
from pdfminer.high_level import extract_text

from civicmail.core.redaction.shapes import Document, Redaction, Word


def document(text: str) -> Document:
    """A text document whose words are separated by single spaces, lines and paragraphs."""
    words, gaps = [], []
    for token in text.replace("\n\n", " \0\0 ").replace("\n", " \0 ").split():
        if token.strip("\0"):
            words.append(Word(token))
            gaps.append(" ")
        elif gaps:
            gaps[-1] = "\n" * len(token)
    return Document("text", tuple(words), tuple(gaps))


def over(first: int, last: int | None = None, *, number: int = 1, code: str = "§19.36(10)(a)") -> Redaction:
    """A redaction of words."""
    return Redaction(number, code, first, first if last is None else last)


def by_pdfium(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as file:
        return "\n".join(page.get_textpage().get_text_range() for page in file)


def by_pdfminer(pdf: bytes) -> str:
    return extract_text(BytesIO(pdf))


def letters(text: str) -> str:
    """Letters and digits alone, because readers break lines where they like."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())
