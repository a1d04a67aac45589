"""Keep a releaser ready between releases.

A new one takes half a second to start, and longer in a large city; a manager would wait for that after each answer.
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
"""Idle releasers that are kept; more are made for parallel releases and closed again."""
idle: deque[tuple[Settings, Path, Releaser]] = deque()
"""Idle releasers."""


@contextmanager
def releasing() -> Iterator[Releaser]:
    """Lend a releaser for some releases. Parallel callers get one each."""
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
        except IndexError:  # another thread was faster
            break
        if key == [city, data]:
            return releaser
        releaser.close()
    return Releaser(city, data, now_ms)


def close_idle() -> None:
    """Close all idle releasers, so that a process that forks or ends leaves no child behind."""
    while idle:
        idle.pop()[-1].close()


atexit.register(close_idle)
os.register_at_fork(before=close_idle)
