"""Extract text from files in a sandboxed process: a time limit for each file, a new process after a failure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import msgspec

from civicmail.core.sandbox.errors import CRASHED, TOO_MUCH_MEMORY, Unreadable
from civicmail.core.sandbox.process import Process
from civicmail.core.sandbox.readers import SECONDS
from civicmail.core.sandbox.service import Service, StreamRequest

GRACE_SECONDS = 2.0
"""Additional processor time, so that a file with an exhausted budget still returns the text read so far."""
MAX_REASON = 100
OnPicture = Callable[[bytes], None]


class Picture(msgspec.Struct, frozen=True, tag=True):
    """A picture that may show text, or a rendered page."""

    content: bytes


class ExtractText(StreamRequest[str | Picture | tuple[str, str]], frozen=True):
    """Items: text; pictures; (path of the member, reason) of what gave no text or not all of it.

    pictures: give rendered pages, too; careful: use only the plainest readers.
    """

    handler = "civicmail.core.sandbox.text_handler:extract_text"
    reply_ratio, reply_free = 0, 1 << 30

    seconds: float
    pictures: bool
    careful: bool


SERVICE = Service(__name__, (ExtractText,), prepare="civicmail.core.sandbox.text_handler:prepare")


@dataclass(slots=True)
class FileText:
    """The text of a file. unreadable: (path of the member, reason) for each part that gave no text or only some. pictures: number
    that may show more text, by OCR."""

    texts: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    pictures: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class TextReader:
    """Starts its process on first use. Not safe for two threads at once; keep the thread alive that reads first (process.py)."""

    def __init__(self, service: Service = SERVICE, *, seconds: float = SECONDS) -> None:
        self._process = Process(service)
        self._seconds = seconds

    @property
    def ended(self) -> int:
        """The number of earlier processes."""
        return self._process.ended

    def read(self, content: bytes, on_picture: OnPicture | None = None, *, seconds: float | None = None) -> FileText:
        """Read one file. on_picture: called with every picture or rendered page, instead of counting it. A file that crashes the
        process is read once more, by the plainest readers in a new process."""
        limit = seconds or self._seconds
        reading, why = self._try(content, on_picture, limit, careful=False)
        if why == CRASHED:
            again, why = self._try(content, on_picture, limit, careful=True)
            reading = again if len(again.text) >= len(reading.text) else reading
        if why and ("", why) not in reading.unreadable:
            reading.unreadable.append(("", why))
        return reading

    def _try(self, content: bytes, on_picture: OnPicture | None, limit: float, *, careful: bool) -> tuple[FileText, str]:
        result = FileText()
        request = ExtractText(limit, on_picture is not None, careful)
        try:
            with closing(self._process.stream(request, content, seconds=limit + GRACE_SECONDS)) as items:
                for item in items:
                    if isinstance(item, str):
                        result.texts.append(item)
                    elif isinstance(item, Picture):
                        result.pictures += 1
                        if on_picture is not None:
                            on_picture(item.content)
                    else:
                        path, why = item
                        result.unreadable.append((path, why[:MAX_REASON]))
        except Unreadable as error:
            return result, error.why
        if any(why == TOO_MUCH_MEMORY for _, why in result.unreadable):
            self.close()
        return result, ""

    def close(self) -> None:
        """End the process; the next file gets a new one."""
        self._process.kill()
