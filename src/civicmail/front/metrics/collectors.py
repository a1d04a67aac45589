"""Slow collectors, each in its own thread; a scrape returns the last values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.core.disk.metrics import Values

log = get_logger()


class Collector:
    """collect: made again so many seconds after it ended. at: ms of the last one that ended well, 0 before; seen: what it saw."""

    def __init__(self, name: str, every: float, collect: Callable[[int], Values]) -> None:
        self.name = name
        self.at = 0
        self.seen: Values = {}
        self._every = every
        self._collect = collect
        self._failing = ""

    def once(self) -> None:
        """Collect now. A failure keeps the old values with their time and is logged once."""
        try:
            now = now_ms()
            self.seen = {**self._collect(now), ("civicmail_look_timestamp_seconds", (self.name,)): now / 1000}
            self.at, self._failing = now, ""
        except Exception as error:
            if type(error).__name__ != self._failing:
                log.error("a look failed and is made again", look=self.name, error=type(error).__name__, exc_info=True)
            self._failing = type(error).__name__

    def run(self, stop: threading.Event) -> None:
        """Look until stop is set."""
        while not stop.is_set():
            self.once()
            stop.wait(self._every)


@contextmanager
def collecting(looks: list[Collector]) -> Iterator[None]:
    """Meanwhile each of them is made."""
    stop = threading.Event()
    for look in looks:
        threading.Thread(target=look.run, args=(stop,), name=look.name, daemon=True).start()
    try:
        yield
    finally:
        stop.set()
