"""What the time does in this room: every sweep looks at states and dates alone, so that one which was missed is caught up by the
next, and a second one finds nothing to do. Nobody is asked by the guard."""

from __future__ import annotations

from collections.abc import Callable

from civicmail.city.access.actions import barring, undertakings
from civicmail.city.conduct.actions import daily, leavers, outside, reviewsweep, statements

Sweep = Callable[[int], int]
"""One round at a time (ms); how much it did. Raises DatabaseError while the database is away."""

SWEEPS: tuple[Sweep, ...] = (
    statements.open_due,
    statements.remind,
    statements.find_overdue,
    leavers.open_due,
    leavers.find_overdue,
    outside.ask_due,
    outside.find_overdue,
    reviewsweep.sweep,
    barring.lapse,
    undertakings.sweep_sponsors,
    daily.write,
)
"""In this order."""


def sweep(now: int) -> int:
    """One round of everything with a date; how much was done."""
    return sum(one(now) for one in SWEEPS)
