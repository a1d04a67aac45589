"""The pictures of a message that may show words, made ready for OCR, and the check once more with those words. For the limited
process; scans.py asks it.

PNG and JPEG are drawn by pdfium as a scanner would have them: a screenshot larger, a photograph smaller. Others go as they are.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import orjson
import pypdfium2

from civicmail.core.filetype.identify import identify
from civicmail.core.message import message_parser
from civicmail.core.sandbox import readers
from civicmail.core.sandbox.errors import TOO_LONG, TOO_MUCH_MEMORY
from civicmail.mail.screening import drawing
from civicmail.mail.screening.confidential import texts

PICTURES, BYTES = 40, 128 << 20
"""Limits of pictures of one message for OCR."""
SECONDS = 4.0
"""Processor time in seconds for finding and drawing them."""
SMALL, LARGE, ENLARGED = 2000, 2600, 2.0
"""Pixels of the longer side: smaller pictures are enlarged, larger ones reduced."""
_LENGTH = 4
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
        if len(self.pictures) >= PICTURES or self._size > BYTES or self.is_over():
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


def encode(shown: OcrPictures) -> bytes:
    """Length of the JSON (4 bytes, big-endian); JSON: missed, and [part, digest, size] of each; the pictures."""
    rows = [[part, digest, len(data)] for (part, digest), data in shown.pictures.items()]
    head = orjson.dumps({"missed": shown.missed, "pictures": rows})
    return b"".join((len(head).to_bytes(_LENGTH), head, *shown.pictures.values()))


def decode(data: bytes) -> tuple[list[tuple[str, str, bytes]], int]:
    """(part, digest, picture) of each, and the number missed. Raises ValueError, TypeError or KeyError for invalid values."""
    at = _LENGTH + int.from_bytes(data[:_LENGTH])
    head = orjson.loads(data[_LENGTH:at])
    return list(_pictures(head["pictures"][:PICTURES], data, at)), int(head["missed"])


def _pictures(rows: list[list[object]], data: bytes, at: int) -> Iterator[tuple[str, str, bytes]]:
    for part, digest, size in rows:
        if not isinstance(size, int) or size < 0:
            raise ValueError(size)
        yield str(part), str(digest), data[at : at + size]
        at += size
