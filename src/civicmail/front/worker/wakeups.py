"""Wake the jobs of a process when what they wait for has changed."""

from __future__ import annotations

import threading
from collections.abc import Sequence, Set
from contextlib import closing
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.core.disk import changes
from civicmail.core.disk.changes import Changes
from civicmail.front.checkup.job_registry import JOURNAL, SNAPSHOT

log = get_logger()

GAP_SECONDS = 0.02
"""Between two looks at changes: what comes meanwhile wakes each job once."""
LOOK_SECONDS = 1.0


class Wakeup:
    """What a resting job waits for: a change, or a moment that it has named."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._due = 0

    def clear(self) -> None:
        """Call before a round, so that a change during the round is followed by another one."""
        self._event.clear()
        self._due = 0

    def at(self, due: int) -> None:
        """Begin the next round at this moment at the latest. due: ms; 0: none."""
        self._due = min(due, self._due or due)

    def wake(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> None:
        if self._due:
            seconds = min(seconds, (self._due - now_ms()) / 1000)
        if seconds > 0:
            self._event.wait(seconds)


def watch(data: Path, wakeups: Sequence[tuple[Set[str], Wakeup]], stop: threading.Event) -> None:
    """Wake jobs until stop is set, then all of them. Each is given with the names of changes that it waits for."""
    snapshots = data / "access"
    try:
        changes.folder(data).mkdir(mode=0o700, exist_ok=True)
        with closing(Changes(data, (changes.folder(data), snapshots))) as changed:
            for _, wakeup in wakeups:
                wakeup.wake()  # something may have changed before it was watched
            while not stop.is_set():
                names = {_name(data, snapshots, path) for path in changed.wait(LOOK_SECONDS)}
                for waits_for, wakeup in wakeups:
                    if names & waits_for:
                        wakeup.wake()
                stop.wait(GAP_SECONDS if names else 0)
    except OSError as error:
        log.warning("changes cannot be watched, jobs look by themselves", problem=str(error))


def _name(data: Path, snapshots: Path, path: Path) -> str:
    if path.parent == changes.folder(data):
        return path.name
    return SNAPSHOT if snapshots in (path, path.parent) else JOURNAL
