"""A sandboxed process as its parent sees it: started on first use, ended when it fails, and replaced. Where people wait for it, it
reads nothing itself and forks for each request (lifecycle.py); `line` waits until the fork before has ended."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
from collections.abc import Sequence

from civicmail.core.sandbox import frames, lifecycle

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),  # bytes that pdfium frees and allocates for every page stay with the process
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "OPENBLAS_NUM_THREADS": "1",  # who has threads cannot leave for namespaces of its own
}
BUSY = 3  # times as long as it may compute a process may take, on a busy machine
GRACE = 3.0  # seconds that it has for ending by itself, with what it has read so far
ENDING = 1.0  # seconds for a fork that has answered to end, while another request waits
DYING = 0.05  # seconds between the last word of a process and its end
START = 20.0  # seconds on a loaded machine


class Child:
    """files: read since it was started; ended: how many processes there were; is_spent: a fresh one must take over.

    each: fork for each request; descriptors: open files that it inherits. Not safe for two threads at once; keep the thread alive
    that starts it, because its end ends the process.
    """

    def __init__(self, command: Sequence[str], *, each: bool = False, descriptors: tuple[int, ...] = ()) -> None:
        self._command = command
        self._descriptors = descriptors
        self._each = each
        self._over = -1  # reports the end of a fork
        self._clean = 0  # files after which nothing was left
        self._running: subprocess.Popen[bytes] | None = None
        self._line: frames.Pipes | None = None
        self.files = 0
        self.ended = 0
        self.is_spent = False

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def running(self) -> frames.Pipes | None:
        """The line to it where it runs, and nothing of the question before is there any more; starts nothing."""
        return self._line if self.is_running and self._is_clean() else None

    def line(self) -> frames.Pipes:
        """The line to it; starts it where it is not there, or where it left something of another question."""
        if (line := self.running()) is not None:
            return line
        if self._running is not None:
            self.kill()
        return self._started()

    def _started(self) -> frames.Pipes:
        more: tuple[str, ...] = ()
        ends: tuple[int, ...] = ()
        if self._each:
            self._over, end = os.pipe()
            more, ends = (lifecycle.EACH, str(end)), (end,)
        try:
            running = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, *more],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(*ends, *self._descriptors),
                env=ENVIRONMENT,
                cwd="/",
            )
        finally:
            for end in ends:
                os.close(end)
        assert running.stdin is not None
        assert running.stdout is not None
        line = self._line = frames.Pipes(running.stdin.fileno(), running.stdout.fileno())
        self.files = self._clean = 0
        self.is_spent = False
        self._running = running  # last: who sees it run finds its line
        return line

    def _is_clean(self) -> bool:
        """Whether the fork of the previous request has ended and left nothing in the pipes. Waits for its end."""
        if self._each and self._clean != self.files and self._line is not None:
            if not _has_more(self._over, ENDING) or os.read(self._over, 1) != lifecycle.OVER:
                return False
            if self._line.held or _has_more(self._line.in_, 0):
                return False
            self._clean = self.files
        return True

    def allowed(self, seconds: float) -> float:
        """Seconds by the clock that an answer may take which may compute for so many."""
        return seconds * BUSY + GRACE + (START if self.files == 0 else 0)

    def kill(self) -> int:
        """End the process; the next file gets a new one. Returns its exit status if it had ended by itself (as in subprocess)."""
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
            if self._each:
                os.close(self._over)
        self._running = self._line = None
        return ended


def _has_more(fd: int, seconds: float) -> bool:
    """Whether a pipe has data, or its other end was closed."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
