"""The job of the auditors (P-16)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext


def examination_reports(context: JobContext) -> Iterator[Work]:
    """Send the auditors the report on examinations of each week and year."""
    from civicmail.desk.oversight.actions.examination_reports import send_due

    yield lambda: send_due(context.clock())
