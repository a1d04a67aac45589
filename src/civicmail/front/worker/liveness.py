"""Whether the jobs of a process go on. A round may take hours; a thread that is in one and uses no processor for minutes waits for
what will never come, and its process has to begin anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from civicmail.core.config.systemd import Manager
from civicmail.front.checkup.heartbeats import Beat

STILL_MOST = 600.0
"""Seconds for which a round may use no processor. Whatever a job waits for has a shorter end of its own."""
LOOK = 1.0
START = 60.0
"""Seconds by which a start that goes on is put off, each time."""


def processor_ns(thread: threading.Thread) -> int:
    """Nanoseconds of the processor that a thread has used; 0 when it has ended. The clock's number is Linux's (posix-timers.h)."""
    try:
        return time.clock_gettime_ns((~(thread.native_id or 0) << 3) | 6)
    except OSError:
        return 0


class Pulse:
    """Given to the loop of a job instead of the event that stops it: notes when the job rests, which is not standing still."""

    def __init__(self, stop: threading.Event, beat: Beat, still_most: float = STILL_MOST) -> None:
        self._stop = stop
        self._beat = beat
        self._still_most = still_most
        self._rests = self._has_rested = False
        self._used, self._moved = -1, 0.0

    def is_set(self) -> bool:
        return self._stop.is_set()

    def set(self) -> None:
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        self._rests = self._has_rested = True
        try:
            return self._stop.wait(timeout)
        finally:
            self._rests = False

    @property
    def has_begun(self) -> bool:
        """Whether it works: it holds what it needs, or knows that somebody else does, or has failed and will try again."""
        beat = self._beat
        return bool(self._has_rested or beat.began or beat.done or beat.failures or beat.elsewhere)

    def is_stuck(self, used_ns: int, now: float) -> bool:
        """Whether its thread, which has used so much of the processor by now, has stood still too long within a round."""
        if self._rests or used_ns != self._used:
            self._used, self._moved = used_ns, now
        return now - self._moved > self._still_most


class Liveness:
    """Tells the service manager of all jobs of a process: that all have begun, and that they go on."""

    def __init__(
        self, pulses: list[tuple[Pulse, threading.Thread]], manager: Manager, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pulses = pulses
        self._manager = manager
        self._clock = clock
        self._ready = self._stops = False
        self._looked = -float("inf")

    def look(self) -> None:
        """Call it again and again; it looks once a second."""
        now = self._clock()
        if now - self._looked < LOOK:
            return
        self._looked = now
        if not self._stops and any(pulse.is_set() for pulse, _ in self._pulses):
            self._stops = True
            self._manager.stopping()
        stuck = [pulse.is_stuck(processor_ns(thread), now) for pulse, thread in self._pulses]
        if any(stuck):
            return
        if not self._ready and all(pulse.has_begun for pulse, _ in self._pulses):
            self._ready = True
            self._manager.ready()
        if self._ready:
            self._manager.alive()
        else:
            self._manager.starting(START)
