"""The text of a released PDF by two independent engines. Only sandboxed processes import it."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
from pdfminer.high_level import extract_pages
from pdfminer.layout import LAParams, LTContainer, LTItem, LTText
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfexceptions import PDFException

from civicmail.core.redaction.inspection import ReadByPdfium, ReadByPdfminer
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, Unreadable


def read_by_pdfium(content: bytes, _request: ReadByPdfium) -> list[str]:
    """The text of each page, wherever on it or beside it the text is."""
    try:
        with pypdfium2.PdfDocument(content) as document:
            return [page.get_textpage().get_text_range() for page in document]
    except pypdfium2.PdfiumError:
        raise Unreadable(DAMAGED) from None


def read_by_pdfminer(content: bytes, _request: ReadByPdfminer) -> list[str]:
    """The text of each page, that of figures and forms on it included."""
    try:
        return [_text(page) for page in extract_pages(BytesIO(content), laparams=LAParams(all_texts=True))]
    except PDFPasswordIncorrect:
        raise Unreadable(ENCRYPTED) from None
    except PDFException:
        raise Unreadable(DAMAGED) from None


def _text(item: LTItem) -> str:
    if isinstance(item, LTText):
        return item.get_text()
    return "\n".join([_text(child) for child in item]) if isinstance(item, LTContainer) else ""
