"""A limited process as its parent sees it: one file at a time, a time limit for each, a new process after one that failed."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from civicmail.core.sandbox import frames
from civicmail.core.sandbox.budget import SECONDS
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG

COMMAND = (sys.executable, "-I", "-m", "civicmail.core.sandbox.worker")
BUSY = 3  # times as long as it may compute a process may take, on a busy machine
GRACE = 3.0  # seconds that it has for ending by itself, with what it has read so far
DYING = 0.05  # seconds between the last word of a process and its end
START = 20.0  # seconds on a loaded machine
FILES = 5000  # that one process reads before a fresh one takes over
FRAME_MOST = 1 << 30

Pictures = Callable[[bytes], None]


@dataclass(slots=True)
class Told:
    """What a file says. unreadable: (path of the member, reason) of what gave no text or not all. pictures: how many may show
    more text, by OCR."""

    texts: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    pictures: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class Process:
    """Starts when it is first needed. Not safe for two threads at once; let the thread live that reads first, for its end is the
    process's end too."""

    def __init__(self, command: Sequence[str] = COMMAND, *, seconds: float = SECONDS) -> None:
        self._command = command
        self._seconds = seconds
        self._running: subprocess.Popen[bytes] | None = None
        self._line: frames.Line | None = None
        self._files = 0
        self.ended = 0

    def read(self, content: bytes, on_picture: Pictures | None = None, *, seconds: float | None = None) -> Told:
        """Read one file, whatever it does. on_picture: called with every picture or drawn page, instead of being counted.

        A process that crashes is asked again, with its plainest readers, in a new one; that is the last try.
        """
        limit = seconds or self._seconds
        told, why = self._try(content, on_picture, limit, careful=False)
        if why == CRASHED:
            again, why = self._try(content, on_picture, limit, careful=True)
            told = again if len(again.text) >= len(told.text) else told
        if why and ("", why) not in told.unreadable:
            told.unreadable.append(("", why))
        return told

    def _try(self, content: bytes, on_picture: Pictures | None, limit: float, *, careful: bool) -> tuple[Told, str]:
        told = Told()
        ask = {"seconds": limit, "pictures": on_picture is not None, "careful": careful}
        try:
            line = self._ready()
            deadline = time.monotonic() + limit * BUSY + GRACE + (START if self._files == 0 else 0)
            line.send(frames.ASK, json.dumps(ask).encode(), deadline)
            line.send(frames.CONTENT, content, deadline)
            while self._take(line.receive(FRAME_MOST, deadline), told, on_picture):
                if on_picture is not None:
                    deadline = time.monotonic() + limit * BUSY + GRACE  # drawing waits for OCR, which has limits of its own
        except frames.Late:
            self.kill()
            return told, TOO_LONG
        except (frames.Gone, ValueError):
            return told, TOO_LONG if self.kill() == -signal.SIGXCPU else CRASHED
        self._files += 1
        if self._files >= FILES or any(why == "needs too much memory" for _, why in told.unreadable):
            self.kill()
        return told, ""

    @staticmethod
    def _take(frame: tuple[bytes, bytes], told: Told, on_picture: Pictures | None) -> bool:
        """Note one frame; whether more will come."""
        kind, content = frame
        if kind == frames.TEXT:
            told.texts.append(content.decode("utf-8", "replace"))
        elif kind == frames.PICTURE:
            told.pictures += 1
            if on_picture is not None:
                on_picture(content)
        elif kind == frames.UNREADABLE:
            path, why = json.loads(content)
            told.unreadable.append((str(path), str(why)[:100]))
        elif kind != frames.END:
            raise frames.Gone
        return kind != frames.END

    def _ready(self) -> frames.Line:
        if self._running is None or self._line is None:
            self._running = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},
                cwd="/",
            )
            assert self._running.stdin is not None
            assert self._running.stdout is not None
            self._line = frames.Line(self._running.stdin.fileno(), self._running.stdout.fileno())
            self._files = 0
        return self._line

    def close(self) -> None:
        self.kill()

    def kill(self) -> int:
        """End the process; the next file gets a new one. Returns how it ended, where it had by itself (as in subprocess)."""
        ended = 0
        if self._running is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended = self._running.wait(DYING)
            self._running.kill()
            for pipe in (self._running.stdin, self._running.stdout):
                if pipe is not None:
                    pipe.close()
            self._running.wait()
            self.ended += 1
        self._running = self._line = None
        return ended
