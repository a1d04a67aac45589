"""The search worker: index new mail within seconds. A process of its own (decision 0075)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk import journal
from civicmail.core.disk.lease import is_held
from civicmail.core.disk.metrics import Meter
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.mail.search.tasks import IndexJob

INDEX_EVERY = 0.1
DRAIN = 2.0
"""Maximum of seconds by which this delays the stop."""
DRAIN_LOOK = 0.02


def run(settings: Settings, data: Path, stop: threading.Event) -> None:
    """Index new mail until stop is set."""
    run_all("search", [Job("index", lambda: indexing(data, least=settings.gateway.min_free), INDEX_EVERY)], data, stop)


@contextmanager
def indexing(data: Path, clock: Callable[[], float] = time.monotonic, *, least: int = 0) -> Iterator[Work]:
    """Searchable within a second, and all of it when the worker stops. least: as of IndexJob."""
    with closing(IndexJob.take(data, least=least)) as job, closing(_meter(data, job)) as meter:
        meter.start()
        yield lambda: job.step(now_ms()) > 0
        drain(job, data, clock)


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
