"""PDF by pdfium: text of pages, form fields, notes and embedded files. Pages that are pictures are rendered for OCR."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, Unreadable
from civicmail.core.sandbox.extraction import Extraction

PICTURE_DPI = 200
PIXELS = 25_000_000  # a page may declare 14,400 points a side
FEW = 20  # characters: a page number or a stamp on a scan
STAMPED = 200  # characters: the line of a fax, the name of a scanner's program
_HALF = 0.5  # of the page that a picture covers, below such a line
BROKEN_MOST = 50  # pages in a row that cannot be opened
ANNOTATIONS = 5000  # of one page
IMAGES = 500  # of one page; old scanners cut it into strips
_KEYS = (b"V", b"Contents")


def read(content: bytes, extraction: Extraction) -> None:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", 0)
        raise Unreadable(ENCRYPTED if code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY} else DAMAGED) from None
    with document:
        extraction.text("\n".join(document.get_metadata_dict(skip_empty=True).values()))
        broken = _pages(document, extraction)
        for n in range(document.count_attachments()):
            file = document.get_attachment(n)
            extraction.open(file.get_name(), bytes(file.get_data()))
        if broken:
            raise Unreadable(DAMAGED)


def _pages(document: Any, extraction: Extraction) -> int:
    """Give the words of all pages; how many could not be opened."""
    broken = in_a_row = 0
    for n in range(len(document)):
        extraction.budget.tick()
        try:
            page = document[n]
        except pypdfium2.PdfiumError:
            broken, in_a_row = broken + 1, in_a_row + 1
            if in_a_row >= BROKEN_MOST:
                break
            continue
        in_a_row = 0
        _page(page, extraction)
        page.close()
    return broken


def _page(page: Any, extraction: Extraction) -> None:
    words = page.get_textpage()
    text = _text(words, page.get_bbox())
    words.close()
    extraction.text(text.replace("\ufffe", "").replace("\r\n", "\n"))  # U+FFFE: a hyphen at the end of a line
    extraction.text("\n".join(_annotations(page)))
    if len(text.strip()) < STAMPED and _is_a_picture(page, bare=len(text.strip()) < FEW):
        extraction.out.picture(_drawn(page) if extraction.pictures else b"")


def _is_a_picture(page: Any, *, bare: bool) -> bool:
    """Whether a page with so few words is a picture. bare: it has hardly any."""
    pictures = list(islice(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4), IMAGES))
    if bare or not pictures:
        return bool(pictures)
    width, height = page.get_size()
    covered = 0.0
    for picture in pictures:
        left, bottom, right, top = picture.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return bool(covered > _HALF * width * height)


def _text(words: Any, box: tuple[float, float, float, float]) -> str:
    """The result of pypdfium2's get_text_bounded() at half the cost: pdfium goes through all letters at each call, and is called
    again only if they need more than two units of UTF-16 each. box: left, bottom, right, top."""
    left, bottom, right, top = box
    room = 2 * words.count_chars() + 2
    while True:
        held = (ctypes.c_ushort * room)()
        size = pdfium.FPDFText_GetBoundedText(words, left, top, right, bottom, held, room)
        if size < room:
            return bytes(memoryview(held)[:size]).decode("utf-16-le", "ignore").removesuffix("\0")
        room *= 2


def _annotations(page: Any) -> Iterator[str]:
    """Values of form fields and words of notes."""
    for n in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, n)
        if annotation:
            for key in _KEYS:
                if text := _string(annotation, key):
                    yield text
            pdfium.FPDFPage_CloseAnnot(annotation)


def _string(annotation: Any, key: bytes) -> str:
    size = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= 2:
        return ""
    held = ctypes.create_string_buffer(size)
    pdfium.FPDFAnnot_GetStringValue(annotation, key, ctypes.cast(held, ctypes.POINTER(ctypes.c_ushort)), size)
    return held.raw[:-2].decode("utf-16-le", "replace")


def _drawn(page: Any) -> bytes:
    """The page as a gray picture in PGM (netpbm)."""
    width, height = page.get_size()
    scale = PICTURE_DPI / 72
    if width * height * scale * scale > PIXELS:
        scale = (PIXELS / (width * height)) ** 0.5
    drawn = page.render(scale=scale, grayscale=True, rev_byteorder=False)
    rows, stride, pixels = bytes(drawn.buffer), drawn.stride, drawn.width
    packed = rows if stride == pixels else b"".join([rows[y * stride : y * stride + pixels] for y in range(drawn.height)])
    return b"P5 %d %d 255\n" % (pixels, drawn.height) + packed
