"""The hourly sample of the counters, for the page *Mail statistics* (P-17)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.checkup import samples as history
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext


def samples(context: JobContext) -> Iterator[Work]:
    """Write down once an hour what was counted, and remove what is older than 13 months."""
    from civicmail.desk.holding.queries import waiting_approvals

    yield lambda: int(history.take(context.data, context.clock(), waiting_approvals))
