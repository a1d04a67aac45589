"""City worker jobs of retention: what legal holds cover, and what was received by class, for their pages."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext


def hold_counts(context: JobContext) -> Iterator[Work]:
    """Count what each legal hold covers."""
    from civicmail.desk.retention import hold_counts

    yield lambda: hold_counts.step(context.data, context.clock())


def class_counts(context: JobContext) -> Iterator[Work]:
    """Count what was received by class and month, for the page Due."""
    from civicmail.desk.retention import class_counts

    yield lambda: class_counts.step(context.data, context.clock())
