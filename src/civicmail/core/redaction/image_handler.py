"""Make images of pages, and inspect them. Only sandboxed processes import it."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image

from civicmail.core.redaction.inspection import OCR_DPI, Finding, InspectImage, Inspection, RenderImage
from civicmail.core.redaction.page_images import JPEG, TIFF
from civicmail.core.redaction.pdf_boxes import PIXELS, pixels_of
from civicmail.core.redaction.picture_handler import QUALITY, is_lettering
from civicmail.core.redaction.service import ImageOfPage, PageImage
from civicmail.core.redaction.source_pages import MAX_PIXELS, Pixels
from civicmail.core.sandbox.errors import DAMAGED, Unreadable
from civicmail.core.sandbox.worker import Emit

LETTER_DPI, PHOTOGRAPH_DPI = 300, 200
_MIDDLE = 128
_START, _SCAN, _END = 0xD8, 0xDA, 0xD9
_PARTS = frozenset({0xC0, 0xC4, 0xDB})  # frame, Huffman tables, quantization tables
_JFIF, _JFIF_LENGTH = 0xE0, 16
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def image_of_page(content: bytes, request: ImageOfPage) -> PageImage:
    """The image of a page of a released PDF."""
    with pypdfium2.PdfDocument(content) as document:
        if not 0 <= request.page < len(document):
            raise Unreadable(DAMAGED)
        page = document[request.page]
        width, height = page.get_size()
        largest = int(72 * math.sqrt(PIXELS / (width * height)))
        dpi = min(LETTER_DPI, largest)
        letters = pixels_of(page, dpi)
        if is_lettering(letters):
            return PageImage(TIFF, tiff(letters, dpi))
        dpi = min(PHOTOGRAPH_DPI, largest)
        colors = pixels_of(page, dpi, grayscale=False)[..., 2::-1]  # pdfium has blue first
        return PageImage(JPEG, _saved(Image.fromarray(np.ascontiguousarray(colors)), "JPEG", quality=QUALITY, dpi=(dpi, dpi)))


def tiff(pixels: Pixels, dpi: int) -> bytes:
    """Gray pixels in black and white, as TIFF of Group 4."""
    return _saved(Image.fromarray(pixels >= _MIDDLE), "TIFF", compression="group4", dpi=(dpi, dpi))


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def inspect_image(content: bytes, request: InspectImage) -> Inspection:
    """Whether an image has nothing but the pixels of one picture."""
    is_plain = _is_plain_tiff(content) if request.media_type == TIFF else _is_plain_jpeg(content)
    return Inspection([] if is_plain else [Finding("image-data")], pages=1)


def render_image(content: bytes, _request: RenderImage, emit: Emit) -> None:
    """Send the picture, as small as OCR needs it."""
    with _opened(content) as image:
        scale = OCR_DPI / _dpi(image)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        gray = image.convert("L").resize(size, Image.Resampling.BOX)
    emit(b"P5 %d %d 255\n" % gray.size + gray.tobytes())


def _is_plain_tiff(content: bytes) -> bool:
    """Whether it is written as this program writes its pixels: then there is no room for anything else."""
    with _opened(content) as image:
        return image.format == "TIFF" and image.mode == "1" and tiff(np.array(image.convert("L")), _dpi(image)) == content


def _is_plain_jpeg(content: bytes) -> bool:
    """Whether it has the parts that its pixels need, and nothing before, between or behind them (ITU-T T.81, B.1.1)."""
    with _opened(content) as image:
        image.load()
        return image.format == "JPEG" and list(_markers(content))[-1:] == [_END]


def _markers(content: bytes) -> Iterator[int]:
    """The markers of a plain JPEG; it ends before _END where there is something else."""
    if content[:2] != bytes((0xFF, _START)):
        return
    at = 2
    while at + 4 <= len(content):
        sign, marker, length = struct.unpack_from(">BBH", content, at)
        if sign != 0xFF or (marker not in _PARTS and marker != _SCAN and (marker, length) != (_JFIF, _JFIF_LENGTH)):
            return
        yield marker
        at += 2 + length
        if marker == _SCAN:
            end = content.find(bytes((0xFF, _END)), at)
            if end == len(content) - 2 and all(content[n + 1] == 0 for n in _signs(content, at, end)):
                yield _END
            return


def _signs(content: bytes, at: int, end: int) -> Iterator[int]:
    """Places of the byte FF in the data of a scan."""
    while (at := content.find(b"\xff", at, end)) >= 0:
        yield at
        at += 1


def _dpi(image: Image.Image) -> int:
    return round(image.info.get("dpi", (OCR_DPI, OCR_DPI))[0]) or OCR_DPI


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(content), formats=("TIFF", "JPEG"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Unreadable(DAMAGED) from None
