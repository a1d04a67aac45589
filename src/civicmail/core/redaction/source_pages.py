"""The pages of a PDF or of a picture as they are reviewed: what a reader shows. Only sandboxed processes import it.

Notes, stamps and form fields that a page shows are made a part of it first, so that words and pixels are the same.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps, ImageSequence

from civicmail.core.filetype.identify import identify
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_LARGE, TYPE_UNKNOWN, Unreadable

MAX_PAGES = 5_000
MAX_PIXELS = 60_000_000
"""Pixels of a page that is drawn; one may declare to be 14,400 points wide."""
LONGEST = 1_008.0
"""Points of the longer side of a picture that is made a page: 14 inches."""
PLAUSIBLE_DPI = range(100, 1_201)
USUAL_DPI = 150
"""Resolution of a picture that names none: cameras write 72."""
_COLOR_DPI = 36
"""Resolution at which a page is drawn to see whether it has colors."""
_GRAY = 12  # levels by which the channels of a gray pixel may differ
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""Rows of gray pixels, or of red, green, blue."""
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class SourcePages:
    """An opened file. sizes: width and height of each page in points. Raises Unreadable."""

    def __init__(self, content: bytes) -> None:
        reading = identify(content).reading
        if reading not in ("pdf", "picture"):
            raise Unreadable(TYPE_UNKNOWN)
        self.pictures = _pictures(content) if reading == "picture" else []
        self.pdf = _pdf(content) if reading == "pdf" else None
        self._flat = -1
        if self.pdf is not None:
            self.sizes = [self.pdf.get_page_size(n) for n in range(min(len(self.pdf), MAX_PAGES + 1))]
        else:
            self.sizes = [_size(picture) for picture in self.pictures]
        if not self.sizes:
            raise Unreadable(DAMAGED)
        if len(self.sizes) > MAX_PAGES:
            raise Unreadable(TOO_LARGE)

    def page(self, number: int) -> Any:
        """A page of a PDF, with what is shown upon it as a part of it."""
        assert self.pdf is not None
        if self._flat != number:
            page = self.pdf[number]
            pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
            page.close()
            self._flat = number
        return self.pdf[number]

    def pixels(self, number: int, dpi: int, *, gray: bool = False) -> Pixels:
        """A page as it is shown, in color only where it has colors, or never."""
        width, height = self.sizes[number]
        if width * height * (dpi / 72) ** 2 > MAX_PIXELS:
            raise Unreadable(TOO_LARGE)
        if self.pdf is None:
            picture = self.pictures[number]
            size = (max(1, round(width * dpi / 72)), max(1, round(height * dpi / 72)))
            small = picture.convert("RGB").resize((64, 64))
            mode = "L" if gray or not _has_colors(np.asarray(small)) else "RGB"
            return np.array(picture.convert(mode).resize(size, Image.Resampling.LANCZOS))
        page = self.page(number)
        try:
            if not gray:
                gray = not _has_colors(_drawn(page, _COLOR_DPI, gray=False))
            return _drawn(page, dpi, gray=gray)
        finally:
            page.close()


def _drawn(page: Any, dpi: int, *, gray: bool) -> Pixels:
    bitmap = page.render(scale=dpi / 72, grayscale=gray, rev_byteorder=True, may_draw_forms=False, draw_annots=False)
    pixels: Pixels = bitmap.to_numpy()
    return np.array(pixels[..., 0] if gray and pixels.ndim == 3 else pixels if gray else pixels[..., :3])


def _has_colors(pixels: Pixels) -> bool:
    channels = pixels.astype(np.int16)
    return bool((channels.max(axis=2) - channels.min(axis=2)).max() > _GRAY)


def _pdf(content: bytes) -> Any:
    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", 0)
        raise Unreadable(ENCRYPTED if code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY} else DAMAGED) from None
    pdf.init_forms()
    return pdf


def _pictures(content: bytes) -> list[Image.Image]:
    """The frames of a picture, upright and on white."""
    try:
        with Image.open(BytesIO(content)) as opened:
            frames: list[Image.Image] = []
            for frame in ImageSequence.Iterator(opened):
                if len(frames) > MAX_PAGES:
                    raise Unreadable(TOO_LARGE)
                dpi = frame.info.get("dpi", (0, 0))[0]
                upright = ImageOps.exif_transpose(frame)
                plain = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright.convert("RGBA")).convert("RGB")
                plain.info = {"dpi": dpi}
                frames.append(plain)
            return frames
    except Image.DecompressionBombError:
        raise Unreadable(TOO_LARGE) from None
    except (OSError, ValueError, SyntaxError, EOFError):
        raise Unreadable(DAMAGED) from None


def _size(picture: Image.Image) -> tuple[float, float]:
    dpi = round(float(picture.info["dpi"]))
    scale = 72 / (dpi if dpi in PLAUSIBLE_DPI else USUAL_DPI)
    scale = min(scale, LONGEST / max(picture.size))
    return picture.size[0] * scale, picture.size[1] * scale
