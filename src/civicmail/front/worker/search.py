"""The index job. A process of its own (decision 0075)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.disk import journal
from civicmail.core.disk.lease import is_held
from civicmail.core.disk.metrics import Meter
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.mail.search.errors import NoRoom
from civicmail.mail.search.tasks import IndexJob

DRAIN = 2.0
"""Maximum of seconds by which this delays the stop."""
DRAIN_LOOK = 0.02


def index(context: JobContext, clock: Callable[[], float] = time.monotonic) -> Iterator[Work]:
    """Index archived mail within seconds, and all of it when the worker stops."""
    data = context.data
    with closing(IndexJob.take(data, least=context.settings.gateway.min_free)) as job, closing(_meter(data, job)) as meter:
        meter.start()
        yield lambda: job.step(now_ms())
        drain(job, data, clock)


def index_once(context: JobContext) -> dict[str, int]:
    """Takes what dead owners have left, too. Nothing where the volume has no room: doctor says so."""
    with closing(IndexJob.take(context.data, bulk=True, least=context.settings.gateway.min_free)) as job:
        behind = job.behind()
        with suppress(NoRoom):
            job.catch_up(now_ms())
            return {"indexed": behind}
    return {}


def _meter(data: Path, job: IndexJob) -> Meter:
    return Meter(data, "search", lambda: {("civicmail_search_delay_seconds", ()): job.delays})


def drain(job: IndexJob, data: Path, clock: Callable[[], float]) -> None:
    """After stop, index what was acknowledged, if that is quick: gateways that stop at the same time may still write. The rest is
    indexed at the next start."""
    end = clock() + DRAIN
    while clock() < end:
        if job.step(now_ms()) == 0:
            if job.rests:
                return
            if not job.behind() and not any(is_held(journal.folder(data) / name / "lock") for name in journal.names(data)):
                break
            time.sleep(DRAIN_LOOK)
    job.commit(now_ms())
