"""What the time does in this room: every sweep looks at states and dates alone, so that one which was missed is caught up by the
next, and a second one finds nothing to do. Nobody is asked by the guard."""

from __future__ import annotations

from collections.abc import Callable

from civicmail.city.access.actions import barring, undertakings
from civicmail.city.conduct.actions import daily_mail, external_systems, leavers, review_jobs, statements

Job = Callable[[int], int]
"""One round at a time (ms); how much it did. Raises DatabaseError while the database is away."""

JOBS: tuple[Job, ...] = (
    statements.open_due,
    statements.remind,
    statements.find_overdue,
    leavers.open_due,
    leavers.find_overdue,
    external_systems.request_due,
    external_systems.find_overdue,
    review_jobs.sweep,
    barring.lapse,
    undertakings.sweep_sponsors,
    daily_mail.write,
)
"""In this order."""


def run_due(now: int) -> int:
    """One round of everything with a date; how much was done."""
    return sum(job(now) for job in JOBS)
