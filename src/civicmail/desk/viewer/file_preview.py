"""Preview a file without opening it: its text and its drawn pages, made in a sandboxed process (core/sandbox). Knows no Django.

    preview_file(content)    text, the number of drawn pages, and what could not be read
    picture(content, 2)      the second page as PNG, None if there is none

Nothing of the file runs at the reader: the result is letters and gray dots.
"""

from __future__ import annotations

import atexit
import re
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

from civicmail.core.sandbox import file_text
from civicmail.core.sandbox.file_text import TextReader

SECONDS = 20.0
MAX_TEXT = 200_000
"""Characters that are shown."""
MAX_PICTURES = 20
MAX_PIXELS = 26_000_000
_PGM = re.compile(rb"P5 (\d{1,5}) (\d{1,5}) 255\n")


@dataclass(frozen=True, slots=True)
class FilePreview:
    """more: there is more text than is shown; pictures: number of drawn pages; why: reasons for unread parts, each once, as in
    core/sandbox/errors.py."""

    text: str
    more: bool
    pictures: int
    why: tuple[str, ...]


def preview_file(content: bytes) -> FilePreview:
    """Never raises, whatever the file does."""
    text, drawn, why = _limited().look(content, MAX_PICTURES)
    return FilePreview(text[:MAX_TEXT], len(text) > MAX_TEXT, len(drawn), why)


def picture(content: bytes, number: int) -> bytes | None:
    """number: from 1."""
    if not 1 <= number <= MAX_PICTURES:
        return None
    _, drawn, _ = _limited().look(content, number)
    return drawn[number - 1] if number <= len(drawn) else None


class Limited:
    """One process, used by one thread that lives as long, because the end of its thread ends the process."""

    def __init__(self) -> None:
        self._reader = TextReader(replace(file_text.SERVICE, fork_each=True), seconds=SECONDS)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="looks")

    def look(self, content: bytes, most: int) -> tuple[str, list[bytes], tuple[str, ...]]:
        """Text, drawn pages as PNG, and why something was not read."""
        return self._thread.submit(self._preview, content, most).result()

    def close(self) -> None:
        self._reader.close()
        self._thread.shutdown(cancel_futures=True)

    def _preview(self, content: bytes, most: int) -> tuple[str, list[bytes], tuple[str, ...]]:
        drawn: list[bytes] = []

        def take(image: bytes) -> None:
            if len(drawn) < most and (made := png(image)) is not None:
                drawn.append(made)

        result = self._reader.read(content, take)
        return result.text, drawn, tuple(dict.fromkeys(why for _, why in result.unreadable))


def png(pgm: bytes) -> bytes | None:
    """A gray picture of our own drawing (netpbm P5) as PNG (RFC 2083); None for anything else, also for pictures of the sender."""
    head = _PGM.match(pgm)
    if head is None:
        return None
    width, height = int(head[1]), int(head[2])
    rows = memoryview(pgm)[head.end() :]
    if not width * height or width * height > MAX_PIXELS or len(rows) != width * height:
        return None
    lines = b"".join(b"\0" + bytes(rows[y * width : (y + 1) * width]) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 6)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


_lock = threading.Lock()


def _limited() -> Limited:
    with _lock:
        return _made()


@cache
def _made() -> Limited:
    made = Limited()
    atexit.register(made.close)
    return made
