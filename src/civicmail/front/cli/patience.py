"""Waiting for a moment in which a rule may be written: a disposal that is about to swap holds the lease for some milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from civicmail.core.disk.errors import LeaseHeld

TRIES = 50
SECONDS = 0.1


def patiently[T](act: Callable[[], T]) -> T:
    """Do it as soon as the lease is free. Raises LeaseHeld after five seconds."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except LeaseHeld:
            time.sleep(SECONDS)
    return act()
