"""The pictures of a message that may show words, made ready for OCR, and the check once more with those words. For the limited
process; scans.py asks it.

PNG and JPEG are drawn by pdfium as a scanner would have them: a screenshot larger, a photograph smaller. Others go as they are.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

import numpy as np
import pypdfium2

from civicmail.core.filetype.identify import identify
from civicmail.core.message import message_parser
from civicmail.core.sandbox import readers
from civicmail.core.sandbox.errors import TOO_LONG, TOO_MUCH_MEMORY
from civicmail.mail.screening import drawing
from civicmail.mail.screening.confidential import texts
from civicmail.mail.screening.reader_request import MAX_PICTURES, PICTURE_BYTES, OcrPicture, ReadPictures

SECONDS = 4.0
"""Processor time in seconds for finding and drawing them."""
SMALL, LARGE, ENLARGED = 2000, 2600, 2.0
"""Pixels of the longer side: smaller pictures are enlarged, larger ones reduced."""
_ENDED = frozenset({TOO_LONG, TOO_MUCH_MEMORY})
_WITHOUT = frozenset({"text", "html", "nothing", "unknown", "empty"})
"""Kinds of files that hold no pictures."""


@dataclass(slots=True)
class OcrPictures:
    """Collects the pictures of files (core/sandbox/extraction.py, Out). found: (part, digest of the picture) with the picture for
    OCR; missed: number of further pictures."""

    part: str = ""
    pictures: dict[tuple[str, str], bytes] = field(default_factory=dict)
    missed: int = 0
    _until: float = 0.0
    _size: int = 0

    def text(self, text: str) -> None:
        """Was read before."""

    def unreadable(self, path: str, why: str) -> None:
        """Report that there was no time for drawing; other reasons were reported before."""
        self.missed += why in _ENDED

    def picture(self, data: bytes) -> None:
        key = (self.part, hashlib.sha256(data).hexdigest())
        if key in self.pictures:
            return
        if len(self.pictures) >= MAX_PICTURES or self._size > PICTURE_BYTES or self.is_over():
            self.missed += 1
            return
        self.pictures[key] = _drawn(data, self) or data
        self._size += len(self.pictures[key])

    def is_over(self) -> bool:
        return time.process_time() > self._until

    @classmethod
    def read(cls, raw: bytes) -> OcrPictures:
        """All pictures of a message."""
        shown = cls(_until=time.process_time() + SECONDS)
        for path, part in texts.files(message_parser.parse(raw)):
            if identify(part.content).reading in _WITHOUT:
                continue
            shown.part = path
            readers.read(part.content, shown, seconds=max(0.05, shown._until - time.process_time()), pictures=True, cells=False)
        return shown


def _drawn(data: bytes, shown: OcrPictures) -> bytes:
    """A picture in gray, as PGM (netpbm); b"" where it cannot be drawn."""
    document = b"" if data.startswith(b"P5") or identify(data).name == "pdf" else drawing.document(data)
    if not document:
        return b""
    try:
        with pypdfium2.PdfDocument(document) as opened:
            page = opened[0]
            longest = max(*page.get_size(), 1.0)
            scale = ENLARGED if longest < SMALL else min(1.0, LARGE / longest)
            drawn = drawing.draw(page, scale, shown.is_over)
    except pypdfium2.PdfiumError:
        return b""
    rows = np.frombuffer(drawn.rows, np.uint8)[: drawn.stride * drawn.height].reshape(drawn.height, drawn.stride)[:, : drawn.width]
    if np.median(rows[:: max(1, drawn.height // 200)]) < 128:  # light on dark, and what drawing.py draws as a negative
        rows = 255 - rows
    return b"P5 %d %d 255\n" % (drawn.width, drawn.height) + rows.tobytes()


def read(raw: bytes, _request: ReadPictures) -> tuple[list[OcrPicture], int]:
    shown = OcrPictures.read(raw)
    return [OcrPicture(part, digest, content) for (part, digest), content in shown.pictures.items()], shown.missed
