"""The periodic jobs of this room.

Each considers only states and dates, so that the next run catches up on a missed one, and running twice changes nothing. They act
as the system, not as a person, without the guard.
"""

from __future__ import annotations

from collections.abc import Callable

from civicmail.city.conduct.actions import daily_mail, external_systems, leavers, monthly_reports, review_jobs, statements
from civicmail.city.identity.actions import barring, undertakings

Job = Callable[[int], int]
"""One run at a time (ms); returns how much it did. Raises DatabaseError while the database is away."""

JOBS: tuple[Job, ...] = (
    statements.open_due,
    statements.remind,
    statements.find_overdue,
    leavers.open_due,
    leavers.find_overdue,
    external_systems.request_due,
    external_systems.find_overdue,
    review_jobs.sweep,
    barring.expire,
    undertakings.sweep_sponsors,
    daily_mail.write,
    monthly_reports.write,
)
"""In this order."""


def run_due(now: int) -> int:
    """Run every job of this room once; how much was done."""
    return sum(job(now) for job in JOBS)
