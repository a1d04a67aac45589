"""Draw pages, burn boxes into their pixels, and make a PDF of them. Only sandboxed processes import it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from io import BytesIO

import numpy as np
import pypdfium2
from PIL import Image

from civicmail.core.redaction import typesetter
from civicmail.core.redaction.released_pdf import Picture, finish
from civicmail.core.redaction.service import BurnPages, CountPages, DrawPage, Typeset
from civicmail.core.redaction.shapes import Box
from civicmail.core.redaction.source_pages import Pixels, SourcePages
from civicmail.core.sandbox.errors import DAMAGED, Unreadable

BURNED = 0
"""The one color of a box: black."""
QUALITY = 85
LETTERING = 0.08
"""Share of middle gray below which a page is lettering and not a photograph."""


def count_pages(content: bytes, request: CountPages) -> int:
    return len(SourcePages(content).sizes)


def draw_page(content: bytes, request: DrawPage) -> bytes:
    """A page as PNG."""
    source = SourcePages(content)
    if not 0 <= request.page < len(source.sizes):
        raise Unreadable(DAMAGED)
    out = BytesIO()
    Image.fromarray(source.pixels(request.page, request.dpi)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def burn_pages(content: bytes, request: BurnPages) -> Typeset:
    source = SourcePages(content)
    if len(source.sizes) != len(request.boxes):
        raise Unreadable(DAMAGED)
    text, replaced = typesetter.compiled(request.layout)
    pictures = []
    with pypdfium2.PdfDocument(text) as labels:
        for number, boxes in enumerate(request.boxes):
            pixels = source.pixels(number, request.dpi)
            burn(pixels, boxes, request.dpi)
            page = labels[number]
            pictures.append(encoded(_framed(pixels, page, request.dpi), exact=bool(boxes)))
            page.close()
    finished, pages = finish(text, title=request.layout["title"], lang=request.layout["lang"], pictures=pictures)
    return Typeset(finished, pages, replaced)


def burn(pixels: Pixels, boxes: Iterable[Box], dpi: int) -> None:
    """Set each pixel that a box touches to one color."""
    scale = dpi / 72
    for x0, y0, x1, y1 in boxes:
        rows = slice(max(0, math.floor(y0 * scale)), math.ceil(y1 * scale))
        pixels[rows, max(0, math.floor(x0 * scale)) : math.ceil(x1 * scale)] = BURNED


def _framed(pixels: Pixels, page: pypdfium2.PdfPage, dpi: int) -> Pixels:
    """The pixels with the labels beside and the number below them, drawn from the text that was set there."""
    drawn = page.render(scale=dpi / 72, grayscale=True, draw_annots=False).to_numpy()
    framed: Pixels = np.array(drawn.reshape(drawn.shape[0], drawn.shape[1], -1)[..., 0])
    if pixels.ndim == 3:
        framed = np.repeat(framed[..., np.newaxis], 3, axis=2)
    height, width = min(pixels.shape[0], framed.shape[0]), min(pixels.shape[1], framed.shape[1])
    framed[:height, :width] = pixels[:height, :width]
    return framed


def encoded(pixels: Pixels, *, exact: bool) -> Picture:
    """A picture without anything but pixels. exact: without loss, so that boxes stay of one color."""
    height, width = pixels.shape[:2]
    is_gray = pixels.ndim == 2
    if is_gray and is_lettering(pixels):
        pixels = pixels // 16 * np.uint8(17)  # 16 levels are enough for letters
        exact = True
    if exact:
        return Picture(width, height, is_gray, "/FlateDecode", zlib.compress(np.ascontiguousarray(pixels), 6))
    out = BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY)
    return Picture(width, height, is_gray, "/DCTDecode", out.getvalue())


def is_lettering(pixels: Pixels) -> bool:
    sample = pixels[::3, ::3]
    return bool(np.count_nonzero((sample > 31) & (sample < 224)) < LETTERING * sample.size)
