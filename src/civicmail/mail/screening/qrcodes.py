"""Read QR codes in pictures and on the first pages of PDF files with zxing, after drawing.py or rasters.py has rendered them. Runs
in the sandboxed process.

Pictures above the size limits are skipped, and so is everything after the time of a message is used up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pypdfium2
import zxingcpp

from civicmail.mail.screening import drawing, rasters
from civicmail.mail.screening.drawing import DRAWN, ENLARGED

PICTURES = 20
"""Of one message. Newsletters have more, but a code is where people see it."""
PAGES = 2
SECONDS = 0.5
"""Processor time for all pictures of a message."""
PAGE_SCALE = 1.5
CODES = 10
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read(pictures: Iterable[tuple[str, bytes]], clock: Callable[[], float] = time.process_time) -> Iterator[tuple[str, str]]:
    """(path of the part, text of a code in it). pictures: (path, content)."""
    end, left = clock() + SECONDS, PICTURES
    for path, content in pictures:
        if left == 0 or clock() > end:
            return
        document = drawing.document(content)
        pixels = None if document else rasters.pixels(content)
        left -= bool(document) or pixels is not None
        if pixels is not None:
            for text in _in(pixels):
                yield path, text
        elif document:
            for text in _texts(document, PAGE_SCALE if document is content else 1.0, lambda: clock() > end):
                yield path, text


def _texts(document: bytes, scale: float, is_over: Callable[[], bool]) -> Iterator[str]:
    """The texts of all codes on the first pages."""
    try:
        with pypdfium2.PdfDocument(document) as opened:
            for number in range(min(len(opened), PAGES)):
                page = opened[number]
                yield from _codes(page, scale, is_over)
                page.close()
    except pypdfium2.PdfiumError:
        return  # damaged or sealed: nobody sees a code in it either


def _codes(page: Any, scale: float, is_over: Callable[[], bool]) -> list[str]:
    longest = max(*page.get_size(), 1.0) * scale
    scale *= min(1.0, DRAWN / longest) * max(1.0, ENLARGED / longest)
    return _in(drawing.draw(page, scale, is_over))


def _in(drawn: drawing.Pixels) -> list[str]:
    """drawn: kept in a variable, because zxing's view does not keep it alive."""
    view = zxingcpp.ImageView(drawn.rows, drawn.width, drawn.height, zxingcpp.ImageFormat.Lum, drawn.stride, 1)  # type: ignore[arg-type]
    codes = zxingcpp.read_barcodes(view, formats=_FORMATS)
    return [code.text for code in codes[:CODES] if code.text]
