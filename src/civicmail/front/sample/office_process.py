"""The simulated office workers in a process of their own, because their database work would delay the mail clients.

    python -m civicmail.front.sample.office_process DATA SECONDS SEED

Prints `ready`, reads one line (midnight, in seconds of time.monotonic()), works until stdin closes, also when its parent dies,
and prints what was done as JSON.
"""

from __future__ import annotations

import math
import select
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import IO

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import CivicmailError
from civicmail.front.sample.day_plan import HOURS
from civicmail.front.sample.work_done import WorkDone
from civicmail.front.web.start import start

POLL_SECONDS = 0.25
"""Seconds between two looks at what waits, where half a minute of the day is not more."""
MANAGERS = 4
"""Concurrent managers; the pages have more threads."""
READY = b"ready\n"
END_SECONDS = 120
"""Timeout for work in progress at the end of the day."""


class OfficeProcess:
    """Runs the process. data: the installation; seconds: length of the day. Errors go to our stderr."""

    def __init__(self, data: Path, seconds: float, seed: int) -> None:
        command = [sys.executable, "-m", "civicmail.front.sample.office_process", str(data), str(seconds), str(seed)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own program
        self.pid = self._process.pid

    def __enter__(self) -> OfficeProcess:
        """Wait until it is ready. Raises CivicmailError if it ended."""
        assert self._process.stdout is not None
        if self._process.stdout.readline() != READY:
            self.__exit__()
            raise _stopped()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, began: float) -> None:
        """began: midnight, of time.monotonic()."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # require_open says so
            self._process.stdin.write(b"%f\n" % began)
            self._process.stdin.flush()

    def require_open(self) -> None:
        """Raise CivicmailError if it ended."""
        if self._process.poll() is not None:
            raise _stopped()

    def end(self) -> WorkDone:
        """End the day and return the work done; a worker that hangs is reported in it."""
        with suppress(subprocess.TimeoutExpired):
            output, _ = self._process.communicate(timeout=END_SECONDS)
            if not self._process.returncode:
                return WorkDone.decode(output)
        return WorkDone(Counter(), [math.inf], Counter({"people who did not come back from their desks": 1}))


def _stopped() -> CivicmailError:
    return CivicmailError("The people of the sample city do not work any more; what they said last is above.")


def main(data: Path, seconds: float, seed: int, input_: IO[bytes], output: IO[bytes]) -> None:
    """The process itself."""
    start(data)
    from civicmail.front.sample.office_workers import OfficeWorkers

    output.write(READY)
    output.flush()
    if line := input_.readline():
        began, pause = float(line), max(POLL_SECONDS, seconds / HOURS / 120)
        hands = OfficeWorkers(
            seed,
            lambda: (min((time.monotonic() - began) * HOURS / seconds, HOURS), now_ms()),
            lambda: bool(select.select([input_], [], [], 0)[0]),
            hour=1000 * seconds / HOURS,
            at_once=MANAGERS,
        )
        while not select.select([input_], [], [], pause)[0]:
            hands.work()
        output.write(hands.worked.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.stdin.buffer, sys.stdout.buffer)
