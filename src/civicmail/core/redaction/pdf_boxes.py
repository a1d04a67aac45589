"""Render the pages of a released PDF: for OCR, and to see whether each burned box is solid. Only sandboxed processes import it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from civicmail.core.redaction.inspection import MAX_FINDINGS, OCR_DPI, Finding, InspectBoxes, RenderPages
from civicmail.core.redaction.shapes import Box
from civicmail.core.sandbox.errors import DAMAGED, TOO_LARGE, Unreadable
from civicmail.core.sandbox.worker import Emit

BOX_DPI = 200
PIXELS = 40_000_000
RIM = 2  # pixels at the edge of a box, which a compressed picture blurs
SAME_COLOR = 8
"""Levels of 255 that two pixels of one color may differ by: a box that covers text by 95 % shows it by 13."""
TOUCHES = 0.25  # points that a letter may reach into a box


def inspect_boxes(content: bytes, request: InspectBoxes) -> list[Finding]:
    """What is wrong with burned boxes: each must be of one color inside, and must touch no letter of the text."""
    findings = []
    boxes = sorted(request.boxes)
    with _opened(content) as document:
        for number, group in groupby(boxes, itemgetter(0)):
            if not 0 <= number < len(document):
                findings.append(Finding("box-off-page"))
                continue
            findings += [Finding(code, number + 1) for code in _wrong_on(document[number], [box for _, box in group])]
    return findings[:MAX_FINDINGS]


def render_pages(content: bytes, _request: RenderPages, emit: Emit) -> None:
    """Send each page as a picture."""
    with _opened(content) as document:
        for page in document:
            pixels = pixels_of(page, OCR_DPI)
            emit(b"P5 %d %d 255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes())
            page.close()


def _opened(content: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        raise Unreadable(DAMAGED) from None


def _wrong_on(page: Any, boxes: Iterable[Box]) -> Iterator[str]:
    width, height = page.get_size()
    pixels, letters, scale = pixels_of(page, BOX_DPI, grayscale=False), _letters(page, height), BOX_DPI / 72
    for x0, y0, x1, y1 in boxes:
        if not (0 <= x0 < x1 <= width + 1 and 0 <= y0 < y1 <= height + 1):
            yield "box-off-page"
            continue
        left, top, right, bottom = (round(edge * scale) for edge in (x0, y0, x1, y1))
        inside = pixels[top + RIM : bottom - RIM, left + RIM : right - RIM]
        if not inside.size or int(np.ptp(inside, axis=(0, 1)).max()) > SAME_COLOR:
            yield "box-not-solid"
        touching = (
            (letters[:, 0] < x1 - TOUCHES) & (letters[:, 2] > x0 + TOUCHES)
            & (letters[:, 1] < y1 - TOUCHES) & (letters[:, 3] > y0 + TOUCHES)
        )  # fmt: skip
        if touching.any():
            yield "text-under-box"


def _letters(page: Any, height: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The box of each visible character, origin at the top left."""
    text = page.get_textpage()
    boxes = [text.get_charbox(n) for n in range(text.count_chars()) if chr(pdfium.FPDFText_GetUnicode(text.raw, n)).isalnum()]
    text.close()
    return np.array([(left, height - top, right, height - bottom) for left, bottom, right, top in boxes], float).reshape(-1, 4)


def pixels_of(page: Any, dpi: int, *, grayscale: bool = True) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The page as rows of pixels; in color with a third axis."""
    width, height = page.get_size()
    scale = dpi / 72
    if width * height * scale * scale > PIXELS:
        raise Unreadable(TOO_LARGE)
    drawn: np.ndarray[Any, np.dtype[np.uint8]] = page.render(scale=scale, grayscale=grayscale, may_draw_forms=False).to_numpy()
    return drawn if grayscale and drawn.ndim == 2 else drawn.reshape(drawn.shape[0], drawn.shape[1], -1)
