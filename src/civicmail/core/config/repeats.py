"""Repeated log events: the first is logged with its traceback, the others are summed once a minute.

An unavailable database, or a full disk, would log the same event for every message and every page. Events are the same if they have
the same name, level and kind of error, and the same job, check, listener or other object (`_SAME`). Nothing is hidden: the sum has
the number, the start, and the fields of the last one. Security events and those below a warning are not summed.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SUMMED_EVERY = 60.0
"""Seconds between two sums of one event, and after which an event is new again when it did not come meanwhile."""
MAX_KINDS = 1_000
"""Kinds of events that are remembered at once; the oldest is dropped first, after its sum."""
SECURITY = "security"
"""The field of a security event (security=True): each is logged."""
SUM = "_sum"
_RATED = frozenset({"warning", "error", "critical", "exception"})
_SAME = (
    "job",
    "check",
    "listener",
    "hop",
    "hook",
    "child",
    "library",
    "place",
    "list",
    "provider",
    "journal",
    "door",
    "kind",
    "rule",
)
"""Fields that distinguish two errors. Captures, requests and counts do not: they differ each time."""

Events = MutableMapping[str, Any]
Key = tuple[str, ...]
Sum = tuple[str, dict[str, Any]]
"""(level, fields) of a sum to be logged."""
Emit = Callable[[str, dict[str, Any]], None]


@dataclass(slots=True)
class Repeat:
    """One logged event. since: monotonic; from_: ISO time of the first one that was not logged; last: fields of the last one."""

    level: str
    since: float
    times: int = 0
    from_: str = ""
    last: dict[str, Any] | None = None


class Repeats:
    """The logged events of this process. emit: logs a sum; clock: seconds, monotonic; timer: whether sums also come
    automatically."""

    def __init__(self, emit: Emit, clock: Callable[[], float] = time.monotonic, *, timer: bool = True) -> None:
        self._emit, self._clock, self._timer = emit, clock, timer
        self._known: dict[Key, Repeat] = {}
        self._begin()
        if timer:
            atexit.register(self.flush)
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Start empty in a child process: it has none of its parent's threads and must not log their counts."""
        self._lock = threading.RLock()  # a signal's handler may log while its thread is in here
        self._known.clear()
        self._armed = False

    def is_repeat(self, event: Events) -> bool:
        """Whether the event repeats a logged one; due sums are logged."""
        if event.pop(SUM, False) or event["level"] not in _RATED or event.get(SECURITY):
            return False
        repeated, sums = self._add(event)
        self._emit_all(sums)
        return repeated

    def flush(self) -> None:
        """Log every sum that is left, and forget what did not come again."""
        with self._lock:
            self._armed, now = False, self._clock()
            sums = [summed for repeat in self._known.values() if (summed := _sum(repeat))]
            for key, known in list(self._known.items()):
                if known.times:
                    self._known[key] = Repeat(known.level, now)
                elif now - known.since >= SUMMED_EVERY:
                    del self._known[key]
        self._emit_all(sums)

    def close(self) -> None:
        """Log what is left and stop the timer."""
        self._timer = False
        self.flush()
        atexit.unregister(self.flush)

    def forget(self) -> None:
        with self._lock:
            self._known.clear()

    def _emit_all(self, sums: list[Sum]) -> None:
        for level, fields in sums:
            self._emit(level, fields)

    def _add(self, event: Events) -> tuple[bool, list[Sum]]:
        key, now = _key(event), self._clock()
        with self._lock:
            known = self._known.get(key)
            if known is None or (not known.times and now - known.since >= SUMMED_EVERY):
                self._known.pop(key, None)
                self._known[key] = Repeat(str(event["level"]), now)
                return False, self._oldest()
            known.times += 1
            known.from_ = known.from_ or _now()
            known.last = {name: value for name, value in event.items() if name not in ("exc_info", "level", "role", "stack_info")}
            if now - known.since >= SUMMED_EVERY:
                due = _sum(known)
                self._known[key] = Repeat(known.level, now)
                return True, [due] if due else []
            self._arm()
            return True, []

    def _oldest(self) -> list[Sum]:
        if len(self._known) <= MAX_KINDS:
            return []
        oldest = _sum(self._known.pop(next(iter(self._known))))
        return [oldest] if oldest else []

    def _arm(self) -> None:
        """Sums come also when nothing more is logged. Where no thread can be had they come with the next event, or at the end."""
        if not self._timer or self._armed:
            return
        timer = threading.Timer(SUMMED_EVERY, self.flush)
        timer.daemon = True
        with suppress(RuntimeError):
            timer.start()
            self._armed = True


def _key(event: Events) -> Key:
    error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    kind = type(error).__name__ if isinstance(error, BaseException) else _word(event.get("error", ""))
    return (str(event["level"]), str(event["event"]), kind, *(f"{name}={event[name]}" for name in _SAME if name in event))


def _word(error: object) -> str:
    """The kind of an error. A sentence is none: it may name what differs each time."""
    return error if isinstance(error, str) and error.isidentifier() else ""


def _sum(repeat: Repeat) -> Sum | None:
    if not repeat.times or repeat.last is None:
        return None
    return repeat.level, {**repeat.last, "times": repeat.times, "since": repeat.from_, SUM: True}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
