"""The job that replicates the archive to the standby. Alone in its process: a 250 may wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.core.config.clock import now_ms
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.mail.replica.tasks import Replicate


def replicate(context: JobContext) -> Iterator[Work]:
    """Copy the archive to the standby."""

    def work() -> int:
        Replicate(context.data, context.settings.archive, now_ms).run(context.stop)
        return 0

    yield work
