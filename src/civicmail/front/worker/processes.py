"""Start the declared jobs of a process (checkup/job_registry.py), or run one of them once."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.checkup import job_registry
from civicmail.front.checkup.job_registry import DeclaredJob, Process
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.front.worker.liveness import StopEvent
from civicmail.front.worker.wakeups import Wakeup

MAX_ROUNDS = 100_000
"""Of one job in `tick`: one that always says that it did something ends nevertheless."""

Prepare = Callable[[], None]
"""Brings the database up to date; raises while it is away."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job is given. clock: epoch ms; stop: set when it should end; instance: name of what it is for, where there are
    several; wakeup: takes the moment of its next round."""

    settings: Settings
    data: Path
    clock: Callable[[], int] = now_ms
    stop: StopEvent = field(default_factory=lambda: StopEvent(threading.Event()))
    instance: str = ""
    wakeup: Wakeup = field(default_factory=Wakeup)


def run(
    process: Process,
    settings: Settings,
    data: Path,
    stop: threading.Event,
    prepare: Prepare = lambda: None,
    abandon: Callable[[], bool] = lambda: False,
) -> None:
    """Run all jobs of a process until stop is set. prepare: called once before jobs that need the tables, and again after it
    failed; abandon: as of run_all."""
    once = _once(prepare)
    jobs = [_job(declared, settings, data, stop, once) for declared in job_registry.jobs(settings, process)]
    run_all(process, jobs, data, stop, abandon)


def modules(process: Process) -> set[str]:
    """The modules with the functions of its jobs."""
    return {f"civicmail.front.worker.{job.module}" for job in job_registry.JOBS if job.process == process}


def begin(job: DeclaredJob, context: JobContext, prepare: Prepare) -> AbstractContextManager[Work]:
    """What the rounds of a job need; the lease is held already."""
    start: Callable[[JobContext], Iterator[Work]] = _function(job, job.function)
    return contextmanager(start)(context) if not job.has_database else _with_tables(start, context, prepare)


def run_once(job: DeclaredJob, context: JobContext, prepare: Prepare = lambda: None) -> dict[str, int]:
    """Do everything that a job has to do at this moment. Returns what was done, by field of tick.Done. Raises LeaseHeld."""
    with Lease.take(lease_path(context.data, job.lease)) if job.lease else nullcontext():
        if job.has_once:
            with connected(prepare) if job.has_database else nullcontext():
                counts: dict[str, int] = _function(job, f"{job.function}_once")(context)
                return counts
        total = 0
        with begin(job, context, prepare) as work:
            for _ in range(MAX_ROUNDS):
                done = work()
                total += done
                if not done or not job.repeats:
                    break
        return {job.counts: total}


def _job(declared: DeclaredJob, settings: Settings, data: Path, stop: threading.Event, prepare: Prepare) -> Job:
    stop_event, wakeup = StopEvent(stop), Wakeup()
    context = JobContext(settings, data, stop=stop_event, instance=declared.instance, wakeup=wakeup)
    return Job(
        declared.name,
        partial(begin, declared, context, prepare),
        declared.every,
        lease=declared.lease,
        lends=declared.lends,
        max_still=declared.max_still,
        max_round=declared.max_round,
        stop_event=stop_event if declared.is_endless else None,
        wakeup=wakeup if declared.woken_by else None,
        woken_by=declared.woken_by,
        fallback=declared.fallback,
        repeats=declared.repeats,
    )


def _function(job: DeclaredJob, name: str) -> Callable[[JobContext], Any]:
    function: Callable[[JobContext], Any] = getattr(importlib.import_module(f"civicmail.front.worker.{job.module}"), name)
    return function


@contextmanager
def _with_tables(start: Callable[[JobContext], Iterator[Work]], context: JobContext, prepare: Prepare) -> Iterator[Work]:
    with connected(prepare), contextmanager(start)(context) as work:
        yield work


@contextmanager
def connected(prepare: Prepare) -> Iterator[None]:
    """Give the thread its own database connection, closed at the end."""
    from civicmail.city.identity.worker_jobs import close_connections

    prepare()
    try:
        yield
    finally:
        close_connections()


def _once(prepare: Prepare) -> Prepare:
    """The same for several threads: the first does it, the others wait for it."""
    lock, done = threading.Lock(), threading.Event()

    def ready() -> None:
        with lock:
            if not done.is_set():
                prepare()
                done.set()

    return ready
