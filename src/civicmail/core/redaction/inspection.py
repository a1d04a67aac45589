"""The requests about released files that sandboxed processes answer.

Each engine has a request of its own. What they find wrong is a code of a fixed list, so that no sentence repeats words of the file.
"""

from __future__ import annotations

import os
from typing import Annotated

import msgspec

from civicmail.core.redaction.shapes import Box
from civicmail.core.sandbox.service import Request, Service, StreamRequest

MAX_FINDINGS = 200
SECONDS = 60.0
"""Processor time for one request about a file."""
PAGE_SECONDS = 30.0
"""By the clock, for one page of a stream."""
OCR_DPI = 150
Code = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]


class Part(msgspec.Struct, frozen=True):
    """A piece of text of a file and where it is: "page 2", "the header Subject"."""

    place: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9 -]{0,60}\Z")]
    text: str


class Finding(msgspec.Struct, frozen=True):
    """code: what is wrong, of the list SENTENCES in gate.py. page: from 1; 0 where it is not about a page."""

    code: Code
    page: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class Attachment(msgspec.Struct, frozen=True):
    """A file in a message: its name, the SHA-256 of its bytes."""

    name: str
    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Inspection(msgspec.Struct, frozen=True):
    """findings: what is not on the list of what a file may have. texts: what a reader of the file sees, by place. other: text that
    is not shown, such as metadata. alternatives: the same text in another form."""

    findings: list[Finding]
    texts: list[Part] = []
    other: list[Part] = []
    alternatives: list[Part] = []
    attachments: list[Attachment] = []
    pages: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    has_pictures: bool = False


class InspectPdf(Request[Inspection], frozen=True):
    """The objects of a PDF against the list of those that it may have."""

    handler = "civicmail.core.redaction.pdf_objects:inspect_pdf"


class ReadByPdfium(Request[list[str]], frozen=True):
    """The text of each page, by pdfium."""

    handler = "civicmail.core.redaction.pdf_text:read_by_pdfium"


class ReadByPdfminer(Request[list[str]], frozen=True):
    """The text of each page, by pdfminer.six."""

    handler = "civicmail.core.redaction.pdf_text:read_by_pdfminer"


class InspectBoxes(Request[list[Finding]], frozen=True):
    """Whether each burned box is of one color and has no text. boxes: (page, box) as in ReleasedFile."""

    handler = "civicmail.core.redaction.pdf_boxes:inspect_boxes"

    boxes: list[tuple[int, Box]]


class RenderPages(StreamRequest[bytes], frozen=True):
    """Each page as a gray picture in PGM, for OCR."""

    handler = "civicmail.core.redaction.pdf_boxes:render_pages"
    reply_ratio, reply_free = 0, 1 << 25


class CheckArchival(Request[list[Finding]], frozen=True):
    """PDF/A and what accessibility a program can check."""

    handler = "civicmail.core.redaction.pdf_archival:check_archival"


class InspectMail(Request[Inspection], frozen=True):
    """The structure of a message against the list of what it may have."""

    handler = "civicmail.core.redaction.mail_objects:inspect_mail"


class InspectText(Request[Inspection], frozen=True):
    """A text file. is_table: it is CSV, which a spreadsheet may open; signs: those that divide it into fields."""

    handler = "civicmail.core.redaction.plain_objects:inspect_text"

    is_table: bool
    signs: str = ""


class InspectImage(Request[Inspection], frozen=True):
    """Whether an image has nothing but the pixels of one picture."""

    handler = "civicmail.core.redaction.image_handler:inspect_image"

    media_type: str


class RenderImage(StreamRequest[bytes], frozen=True):
    """An image as a gray picture in PGM, for OCR."""

    handler = "civicmail.core.redaction.image_handler:render_image"
    reply_ratio, reply_free = 0, 1 << 25


SERVICE = Service(
    __name__,
    (
        InspectPdf,
        ReadByPdfium,
        ReadByPdfminer,
        InspectBoxes,
        RenderPages,
        CheckArchival,
        InspectImage,
        RenderImage,
        InspectMail,
        InspectText,
    ),
    processes=os.cpu_count() or 1,
)
