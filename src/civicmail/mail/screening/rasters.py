"""Render pictures that pdfium cannot (GIF, BMP, WebP, TIFF, interlaced PNG) as gray pixels with Pillow. Runs in the sandboxed
process."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import BmpImagePlugin, GifImagePlugin, Image, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from civicmail.core.filetype.identify import identify
from civicmail.mail.screening.drawing import BYTES, DRAWN, ENLARGED, MIN_PIXELS, Pixels

_PLUGINS = (BmpImagePlugin, GifImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Imported explicitly: Pillow would try more formats than wanted."""
_FORMATS = ("BMP", "GIF", "PNG", "TIFF", "WEBP")
_TYPES = frozenset({"bmp", "gif", "png", "tif", "webp"})
PIXELS = 4_000_000
"""Largest picture that is unpacked; Pillow is slower than pdfium."""


def pixels(content: bytes) -> Pixels | None:
    """The first frame on white; None for other formats and beyond the limits."""
    if not 32 < len(content) <= BYTES or identify(content).name not in _TYPES:
        return None
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(content), formats=_FORMATS) as picture:
            width, height = picture.size
            if min(width, height) < MIN_PIXELS or width * height > PIXELS:
                return None
            return _gray(picture)
    except Exception:  # noqa: BLE001 - what a broken picture raises has no common root; nobody sees a code in it either
        return None


def _gray(picture: Image.Image) -> Pixels:
    clear = picture.convert("RGBA")
    page = Image.new("RGBA", clear.size, "white")
    page.alpha_composite(clear)
    gray = page.convert("L")
    longest = max(gray.size)
    if longest > DRAWN:
        gray.thumbnail((DRAWN, DRAWN))
    elif longest < ENLARGED:
        times = -(-ENLARGED // longest)
        gray = gray.resize((gray.width * times, gray.height * times), Image.Resampling.NEAREST)
    return Pixels(gray.tobytes(), gray.width, gray.height, gray.width)
