"""Detect stuck jobs: a round that uses no CPU for minutes waits for nothing, one that runs far too long loops; the process must be
restarted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from civicmail.core.config.systemd import Manager
from civicmail.front.checkup.heartbeats import Beat
from civicmail.front.worker.wakeups import Wakeup

MAX_STILL_SECONDS = 600.0
"""Seconds for which a round may use no processor. Whatever a job waits for has a shorter end of its own."""
MAX_ROUND_SECONDS = 6 * 3600.0
"""Seconds that any round may take. After a restart it continues from stored state."""
CHECK_EVERY = 1.0
START_EXTENSION = 60.0
"""Seconds by which the start timeout is extended each time."""


def processor_ns(thread: threading.Thread) -> int:
    """Nanoseconds of the processor that a thread has used; 0 when it has ended. The clock's number is Linux's (posix-timers.h)."""
    try:
        return time.clock_gettime_ns((~(thread.native_id or 0) << 3) | 6)
    except OSError:
        return 0


class StopEvent:
    """The stop event of a job with an endless round, which polls it. at: time of the last poll."""

    def __init__(self, stop: threading.Event, clock: Callable[[], float] = time.monotonic) -> None:
        self._stop, self._clock = stop, clock
        self.at = 0.0

    def is_set(self) -> bool:
        self.at = self._clock()
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        self.at = self._clock() + (timeout or 0.0)
        return self._stop.wait(timeout)


class Pulse:
    """Given to the loop of a job instead of the event that stops it: notes when the job rests, which is not standing still.

    max_still: seconds for which a round may use no processor; max_round: seconds that it may take, or one that has no end may not
    ask `stop_event`.
    """

    def __init__(
        self,
        stop: threading.Event,
        beat: Beat,
        max_still: float = MAX_STILL_SECONDS,
        max_round: float = MAX_ROUND_SECONDS,
        stop_event: StopEvent | None = None,
    ) -> None:
        self._max_round, self._stop_event = max_round, stop_event
        self._round, self._since = 0, 0.0
        self._stop = stop
        self._beat = beat
        self._max_still = max_still
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

    def wait_for(self, wakeup: Wakeup, seconds: float) -> None:
        """Rest until something wakes the job."""
        self._rests = True
        try:
            if not self._stop.is_set():
                wakeup.wait(seconds)
        finally:
            self._rests = False

    @property
    def has_begun(self) -> bool:
        """Whether the job runs, waits for another holder, or failed and will retry."""
        beat = self._beat
        return bool(self._has_rested or beat.began or beat.done or beat.failures or beat.elsewhere)

    def is_stuck(self, used_ns: int, now: float) -> bool:
        """Whether its thread, which has used so much of the processor by now, has stood still too long within a round, or goes in
        circles."""
        if self._rests or used_ns != self._used:
            self._used, self._moved = used_ns, now
        if self._rests or self._beat.began != self._round:
            self._round, self._since = self._beat.began, now
        is_looping = (
            bool(self._round) and now - max(self._since, self._stop_event.at if self._stop_event else 0.0) > self._max_round
        )
        return is_looping or now - self._moved > self._max_still


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
        if now - self._looked < CHECK_EVERY:
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
            self._manager.starting(START_EXTENSION)
