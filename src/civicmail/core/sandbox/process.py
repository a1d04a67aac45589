"""Extract text from files in a sandboxed process: one file at a time, a time limit for each, a new process after a failure."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from civicmail.core.sandbox import frames
from civicmail.core.sandbox.child import BUSY, GRACE, MAX_FRAME, Child
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, TOO_MUCH_MEMORY
from civicmail.core.sandbox.readers import SECONDS

COMMAND = (sys.executable, "-I", "-m", "civicmail.core.sandbox.worker")
MAX_FILES = 5000  # that one process reads before a fresh one takes over

OnPicture = Callable[[bytes], None]


@dataclass(slots=True)
class FileText:
    """What a file says. unreadable: (path of the member, reason) of what gave no text or not all. pictures: how many may show
    more text, by OCR."""

    texts: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    pictures: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class Process:
    """Starts on first use. each: fork for each file (lifecycle.py). Not safe for two threads at once; keep the thread alive that
    reads first, because its end ends the process."""

    def __init__(self, command: Sequence[str] = COMMAND, *, seconds: float = SECONDS, each: bool = False) -> None:
        self._child = Child(command, each=each)
        self._seconds = seconds

    @property
    def ended(self) -> int:
        """How many processes there were before this one."""
        return self._child.ended

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
        request = {"seconds": limit, "pictures": on_picture is not None, "careful": careful}
        try:
            line = self._child.line()
            deadline = time.monotonic() + self._child.allowed(limit)
            line.send(frames.CONTENT, content, deadline, before=frames.frame(frames.ASK, json.dumps(request).encode()))
            while self._take(line.receive(MAX_FRAME, deadline), result, on_picture):
                if on_picture is not None:
                    deadline = time.monotonic() + limit * BUSY + GRACE  # drawing waits for OCR, which has limits of its own
        except frames.ReadTimeout:
            self._child.kill()
            return result, TOO_LONG
        except (frames.ClosedPipe, ValueError):
            return result, TOO_LONG if self._child.kill() == -signal.SIGXCPU else CRASHED
        self._child.files += 1
        if self._child.files >= MAX_FILES or any(why == TOO_MUCH_MEMORY for _, why in result.unreadable):
            self._child.kill()
        return result, ""

    @staticmethod
    def _take(frame: tuple[bytes, bytes], result: FileText, on_picture: OnPicture | None) -> bool:
        """Note one frame; whether more will come."""
        kind, content = frame
        if kind == frames.TEXT:
            result.texts.append(content.decode("utf-8", "replace"))
        elif kind == frames.PICTURE:
            result.pictures += 1
            if on_picture is not None:
                on_picture(content)
        elif kind == frames.UNREADABLE:
            path, why = json.loads(content)
            result.unreadable.append((str(path), str(why)[:100]))
        elif kind != frames.END:
            raise frames.ClosedPipe
        return kind != frames.END

    def close(self) -> None:
        self.kill()

    def kill(self) -> None:
        """End the process; the next file gets a new one."""
        self._child.kill()
