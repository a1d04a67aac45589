"""City worker jobs of retention: what legal holds cover, for their page."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext


def hold_counts(context: JobContext) -> Iterator[Work]:
    """Count what each legal hold covers."""
    from civicmail.desk.retention import hold_counts

    yield lambda: hold_counts.step(context.data, context.clock())
