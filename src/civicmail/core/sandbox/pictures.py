"""Whether a picture is large enough to show words. OCR reads it."""

from __future__ import annotations

from civicmail.core.filetype.picture_size import picture_size
from civicmail.core.sandbox.extraction import Extraction

SHORTEST = 24  # pixels a side: smaller letters are illegible
SMALLEST = 8000  # pixels: icons, lines and tracking dots


def read(content: bytes, extraction: Extraction) -> None:
    if may_show_words(content):
        extraction.out.picture(content if extraction.pictures else b"")


def may_show_words(content: bytes) -> bool:
    """Whether OCR is worth its time."""
    size = picture_size(content)
    return size is None or (min(size) >= SHORTEST and size[0] * size[1] >= SMALLEST)
