"""Copies that were kept back are let go, one after the other: the process that reads them stays for the next one.

It takes half a second to start, which is what a manager would wait for after each answer.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from django.conf import settings

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.desk.viewer.queries import installation
from civicmail.mail.pipeline.releasing import Reading, Releasing

resting: list[tuple[Settings, Reading]] = []
"""At most one, when nobody uses it. What rules and checks know is read anew each time."""


@contextmanager
def releasing() -> Iterator[Releasing]:
    """For some releases of this moment. Two at once have a reader each."""
    reading = _taken(settings.CITY)
    try:
        with closing(Releasing(settings.CITY, installation(), now_ms, reading=reading)) as it:
            yield it
    finally:
        _rest(settings.CITY, reading)


def _taken(city: Settings) -> Reading:
    with suppress(IndexError):
        made, reading = resting.pop()
        if made == city:
            return reading
        reading.close()
    return Reading(city)


def _rest(city: Settings, reading: Reading) -> None:
    if resting:
        reading.close()
    else:
        resting.append((city, reading))


def end() -> None:
    """Nobody rests any more: a process that forks, or ends, leaves no child behind."""
    while resting:
        resting.pop()[1].close()


atexit.register(end)
os.register_at_fork(before=end)
