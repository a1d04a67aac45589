"""Answer requests for the text of files (file_text.py). Only sandboxed processes import it."""

from __future__ import annotations

from civicmail.core.sandbox import readers
from civicmail.core.sandbox.file_text import ExtractText, Picture
from civicmail.core.sandbox.worker import Emit

FLUSH_CHARACTERS = 1 << 16
MAX_PATH = 1000


class StreamOutput:
    """Output (extraction.py) into a stream. Text is held until there is some of it, so that little is lost with a process that
    dies."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._held: list[str] = []
        self._size = 0

    def text(self, text: str) -> None:
        self._held.append(text)
        self._size += len(text)
        if self._size >= FLUSH_CHARACTERS:
            self.flush()

    def picture(self, data: bytes) -> None:
        self.flush()
        self._emit(Picture(data))

    def unreadable(self, path: str, why: str) -> None:
        self._emit((path[-MAX_PATH:], why))

    def flush(self) -> None:
        text, self._held, self._size = "\n".join(self._held), [], 0
        if text:
            self._emit(text)


def extract_text(content: bytes, request: ExtractText, emit: Emit) -> None:
    output = StreamOutput(emit)
    readers.read(content, output, seconds=request.seconds, pictures=request.pictures, careful=request.careful)
    output.flush()


def prepare(*, forks: bool) -> None:
    """Import the readers of the frequent kinds, or of all for a process that forks."""
    if forks:
        readers.prepare_all()
    else:
        readers.prepare()
