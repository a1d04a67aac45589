"""The requests of redaction that sandboxed processes answer: they alone parse what is reviewed, and make PDF.

Requests carry what is not hostile; the file itself, or the layout to be set, is their content.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from civicmail.core.redaction.shapes import Box, Document
from civicmail.core.sandbox.service import Request, Service

_LARGE = 1 << 30
"""Bytes of a reply about any content: pages of pictures are larger than the text that they are made from."""


class Reading(msgspec.Struct, frozen=True):
    """What a file says. scans: pages that show words which only OCR can read."""

    document: Document
    scans: tuple[int, ...] = ()


class ReadDocument(Request[Reading], frozen=True):
    """The words of a file. filename, media_type: only for texts, which nothing else identifies."""

    handler = "civicmail.core.redaction.document_reader:read_document"
    reply_free = _LARGE

    filename: str
    media_type: str = ""


class CountPages(Request[int], frozen=True):
    """How many pages a PDF or picture has."""

    handler = "civicmail.core.redaction.picture_handler:count_pages"


class DrawPage(Request[bytes], frozen=True):
    """A page as a PNG picture, as it is released before any box is burned."""

    handler = "civicmail.core.redaction.picture_handler:draw_page"
    reply_free = _LARGE

    page: int
    dpi: int


class PageImage(msgspec.Struct, frozen=True):
    """An image of a page: TIFF of Group 4, or JPEG."""

    media_type: Literal["image/tiff", "image/jpeg"]
    content: bytes


class ImageOfPage(Request[PageImage], frozen=True):
    """The image of a page of a released PDF. page: from 0."""

    handler = "civicmail.core.redaction.image_handler:image_of_page"
    reply_free = _LARGE

    page: int


class Typeset(msgspec.Struct, frozen=True):
    """A PDF. replaced: characters that no font has and that are written as their code points."""

    content: bytes
    pages: int
    replaced: str = ""


class SetText(Request[Typeset], frozen=True):
    """Set a layout (JSON, layout.py) as PDF/A-2a and PDF/UA-1."""

    handler = "civicmail.core.redaction.typesetter:set_text"
    reply_free = _LARGE


class BurnPages(Request[Typeset], frozen=True):
    """Draw the pages of a PDF or picture, burn the boxes, and lay words over them. layout: as for SetText, with words for each
    page; boxes: those to burn, by page."""

    handler = "civicmail.core.redaction.picture_handler:burn_pages"
    reply_free = _LARGE

    layout: dict[str, Any]
    boxes: tuple[tuple[Box, ...], ...]
    dpi: int


SERVICE = Service(
    __name__,
    (ReadDocument, CountPages, DrawPage, ImageOfPage, SetText, BurnPages),
    memory=3 << 30,
    prepare="civicmail.core.redaction.typesetter:prepare",
)
