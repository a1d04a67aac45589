"""Waiting for others: for a worker that lets a lease go between two rounds, and for a moment in which a rule may be written,
because a disposal that is about to swap holds that lease for some milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Patience
from civicmail.front.cli import output

TRIES = 50
SECONDS = 0.1
WORKER_SECONDS = 600.0  # a large seal that is under way ends first


def until_the_worker_lets_go() -> Patience:
    """For what needs a lease that a worker may hold."""
    return Patience(WORKER_SECONDS, output.words)


def patiently[T](act: Callable[[], T]) -> T:
    """Do it as soon as the lease is free. Raises LeaseHeld after five seconds."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except LeaseHeld:
            time.sleep(SECONDS)
    return act()
