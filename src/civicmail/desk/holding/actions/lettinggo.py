"""Copies that were kept back are let go, one after the other: the process that reads them stays for the next one.

It takes half a second to start, which is what a manager would wait for after each answer.
"""

from __future__ import annotations

import atexit
import os
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.desk.viewer.queries import installation
from civicmail.mail.pipeline.releasing import Reading, Releasing

MOST = 2
"""Who rest; more come where more is let go at the same moment, and leave again."""
resting: deque[tuple[Settings, Path, Reading]] = deque()
"""Who are there and nobody uses. What rules and checks know is read anew each time."""


@contextmanager
def releasing() -> Iterator[Releasing]:
    """For some releases of this moment. Two at once have a reader each."""
    city, data = settings.CITY, installation()
    reading = _taken(city, data)
    try:
        with closing(Releasing(city, data, now_ms, reading=reading)) as it:
            yield it
    finally:
        _rest(city, data, reading)


def _taken(city: Settings, data: Path) -> Reading:
    while resting:
        try:
            *made, reading = resting.pop()
        except IndexError:  # somebody else was quicker
            break
        if made == [city, data]:
            return reading
        reading.close()
    return Reading(city, data)


def _rest(city: Settings, data: Path, reading: Reading) -> None:
    if len(resting) >= MOST:
        reading.close()
    else:
        resting.append((city, data, reading))


def end() -> None:
    """Nobody rests any more: a process that forks, or ends, leaves no child behind."""
    while resting:
        resting.pop()[-1].close()


atexit.register(end)
os.register_at_fork(before=end)
