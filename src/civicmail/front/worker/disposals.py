"""The job of disposals (P-23)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.worker.disposal import dispose
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext


def disposals(context: JobContext) -> Iterator[Work]:
    """List what is proposed for disposal, and dispose of what was approved once its notice period is over."""
    from civicmail.desk.retention.disposing import Disposing

    yield Disposing(context.data, context.settings.archive, dispose, context.clock).step
