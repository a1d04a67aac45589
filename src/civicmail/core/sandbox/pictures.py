"""Whether a picture is large enough to show words. OCR reads it."""

from __future__ import annotations

import struct

from civicmail.core.sandbox.extraction import Extraction

SHORTEST = 24  # pixels a side: below it no letter can be told
SMALLEST = 8000  # pixels: icons, lines and tracking dots


def read(content: bytes, extraction: Extraction) -> None:
    if may_show_words(content):
        extraction.out.picture(content if extraction.pictures else b"")


def may_show_words(content: bytes) -> bool:
    """Whether OCR is worth its seconds."""
    size = dimensions(content)
    return size is None or (min(size) >= SHORTEST and size[0] * size[1] >= SMALLEST)


def dimensions(content: bytes) -> tuple[int, int] | None:
    """Width and height where the header says them plainly (PNG, GIF, JPEG), else None."""
    if content.startswith(b"\x89PNG") and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
        return width, height
    if content.startswith(b"GIF8") and len(content) >= 10:
        width, height = struct.unpack_from("<HH", content, 6)
        return width, height
    return _jpeg(content) if content.startswith(b"\xff\xd8") else None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """From the frame header (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
