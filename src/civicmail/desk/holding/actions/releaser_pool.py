"""Copies that were kept back are let go, one after the other: who reads and decides about them stays for the next one.

It takes half a second to start, and longer in a large city, which is what a manager would wait for after each answer.
"""

from __future__ import annotations

import atexit
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.desk.viewer.queries import installation
from civicmail.mail.pipeline.release_copies import Releaser

MAX_IDLE = 2
"""Who rest; more come where more is let go at the same moment, and leave again."""
idle: deque[tuple[Settings, Path, Releaser]] = deque()
"""Who are there and nobody uses."""


@contextmanager
def releasing() -> Iterator[Releaser]:
    """For some releases of this moment. Two at once have one each."""
    city, data = settings.CITY, installation()
    releaser = _take(city, data)
    try:
        yield releaser
    finally:
        if len(idle) >= MAX_IDLE:
            releaser.close()
        else:
            idle.append((city, data, releaser))


def _take(city: Settings, data: Path) -> Releaser:
    while idle:
        try:
            *key, releaser = idle.pop()
        except IndexError:  # somebody else was quicker
            break
        if key == [city, data]:
            return releaser
        releaser.close()
    return Releaser(city, data, now_ms)


def close_idle() -> None:
    """Nobody rests any more: a process that forks, or ends, leaves no child behind."""
    while idle:
        idle.pop()[-1].close()


atexit.register(close_idle)
os.register_at_fork(before=close_idle)
