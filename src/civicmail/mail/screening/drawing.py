"""Pictures and pages as gray pixels, by pdfium: PNG, JPEG and SVG become a PDF each; the compression of the first two stays as it
is (PDF 32000-1 7.4.4, 7.4.8). For the limited process; drawing ends in time, whatever is drawn.
"""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.picture_size import picture_size
from civicmail.mail.screening import svg_pages

BYTES = 8 << 20
PDF_BYTES = 1 << 20
"""Maps and plans are larger, take seconds to be read before anything is drawn, and are no bait."""
PIXELS = 25_000_000
MIN_PIXELS = 21
"""Pixels of a side: the smallest QR code has so many modules."""
DRAWN, ENLARGED = 1200, 300
"""Pixels of the longer side as drawn, at most and at least: a phone reads a code from less."""

_SPACES = {0: "/DeviceGray", 2: "/DeviceRGB", 6: "/DeviceCMYK"}
_COLORS = {0: 1, 2: 3, 3: 1, 6: 4}
_OPAQUE = "[0 1 0 1 0 1 1 0]"
"""Red, green, blue and opacity as the inks of a negative: what is white or clear is dark, and zxing reads negatives."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """rows: a byte for each pixel, stride bytes for each row."""

    rows: bytes
    width: int
    height: int
    stride: int


class _Clock:
    """How pdfium asks whether to go on. Made at import: what a callback of C needs (memory that is written and run) is out of reach
    of a limited process where the service has MemoryDenyWriteExecute=."""

    is_over: Callable[[], bool] = staticmethod(lambda: False)

    def __init__(self) -> None:
        self.pause = pdfium.IFSDK_PAUSE(version=1)
        self.pause.NeedToPauseNow = type(self.pause.NeedToPauseNow)(lambda _: self.is_over())


_clock = _Clock()


def draw(page: Any, scale: float, is_over: Callable[[], bool]) -> Pixels:
    """A page of pypdfium2 on white; what is drawn when the time is over. One at a time."""
    width, height = (max(1, math.ceil(side * scale)) for side in page.get_size())
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        _clock.is_over = is_over
        flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
        pdfium.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, width, height, 0, flags, ctypes.byref(_clock.pause))
        pdfium.FPDF_RenderPage_Close(page)
        return Pixels(bytes(bitmap.buffer), width, height, bitmap.stride)
    finally:
        bitmap.close()


def document(content: bytes) -> bytes:
    """A PDF that shows a picture, a point for each pixel, or a PDF as it is; b"" for what is neither or beyond the limits."""
    if not 64 < len(content) <= BYTES:
        return b""
    name = identify(content).name
    if name == "pdf":
        return content if len(content) <= PDF_BYTES else b""
    if (drawn := svg_pages.page(content)) is not None:
        return _drawn(*drawn)
    size = picture_size(content)
    if size is None or min(size) < MIN_PIXELS or size[0] * size[1] > PIXELS:
        return b""
    if name == "png":
        return _png(content, *size)
    return _jpeg(content, *size) if name == "jpg" else b""


def _png(content: bytes, width: int, height: int) -> bytes:
    """PDF's own predictor 15 is the filter of PNG (ISO 15948 9)."""
    depth, kind, _, _, interlaced = content[24:29]
    if kind not in _COLORS or interlaced:
        return b""
    packed, palette = [], b""
    for name, data in _chunks(content):
        if name == b"PLTE":
            palette = data
        elif name == b"IDAT":
            packed.append(data)
    colors = _COLORS[kind]
    space = f"[/Indexed /DeviceRGB {len(palette) // 3 - 1} <{palette.hex()}>]" if kind == 3 else _SPACES[kind]
    properties = (
        f"/ColorSpace {space} /BitsPerComponent {depth} /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors {colors}"
        f" /BitsPerComponent {depth} /Columns {width} >>{f' /Decode {_OPAQUE}' if kind == 6 else ''}"
    )
    return _wrapped(properties, b"".join(packed), width, height)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8  # behind the signature
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length


def _jpeg(content: bytes, width: int, height: int) -> bytes:
    frame = next(
        (at for at in _markers(content) if 0xC0 <= content[at + 1] <= 0xCF and content[at + 1] not in {0xC4, 0xC8, 0xCC}), 0
    )
    space = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}.get(content[frame + 9] if frame else 0)
    return _wrapped(f"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode", content, width, height) if space else b""


def _markers(content: bytes) -> Iterator[int]:
    """Where the segments of a JPEG begin (ITU T.81 B.1.1)."""
    at = 2
    while at + 10 < len(content) and content[at] == 0xFF:
        yield at
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]


def _wrapped(properties: str, data: bytes, width: int, height: int) -> bytes:
    """One page of the size of the picture, a point for a pixel."""
    drawn = f"q {width} 0 0 {height} 0 0 cm /I Do Q".encode("ascii")
    picture = f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} {properties} /Length {len(data)} >>"
    return _drawn(drawn, width, height, b"%s\nstream\n%s\nendstream" % (picture.encode("ascii"), data))


def _drawn(drawn: bytes, width: int, height: int, picture: bytes = b"null") -> bytes:
    """One page with what is drawn on it. picture: /I in it."""
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>"
    )
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page.encode("ascii"),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        picture,
    )
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (table, start)
    return bytes(made)
