"""A limited process as its parent holds it: started when it is first needed, ended when it fails, a fresh one after it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence

from civicmail.core.sandbox import frames

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),  # bytes that pdfium lets go of and takes again for every page stay with the process
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}
BUSY = 3  # times as long as it may compute a process may take, on a busy machine
GRACE = 3.0  # seconds that it has for ending by itself, with what it has read so far
DYING = 0.05  # seconds between the last word of a process and its end
START = 20.0  # seconds on a loaded machine
FRAME_MOST = 1 << 30


class Child:
    """files: that it has read since it was started; ended: how many processes there were. Not safe for two threads at once; let
    the thread live that starts it, for its end is the process's end too."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._running: subprocess.Popen[bytes] | None = None
        self._line: frames.Line | None = None
        self.files = 0
        self.ended = 0

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def running(self) -> frames.Line | None:
        """The line to it where it runs; starts nothing."""
        return self._line if self.is_running else None

    def line(self) -> frames.Line:
        """The line to it; starts it where it is not there."""
        if self._running is not None and not self.is_running:  # somebody has ended it
            self.kill()
        if self._running is None or self._line is None:
            running = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd="/",
            )
            assert running.stdin is not None
            assert running.stdout is not None
            self._line, self.files = frames.Line(running.stdin.fileno(), running.stdout.fileno()), 0
            self._running = running  # last: who sees it run finds its line
        return self._line

    def allowed(self, seconds: float) -> float:
        """Seconds by the clock that an answer may take which may compute for so many."""
        return seconds * BUSY + GRACE + (START if self.files == 0 else 0)

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
