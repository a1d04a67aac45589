"""The loop around each job: take its lease, work, pause, retry after errors, stop when asked."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Set
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.config import memory
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.systemd import Manager
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, is_requested, lease_path
from civicmail.front.checkup import heartbeats
from civicmail.front.checkup.heartbeats import Beat, Heartbeat
from civicmail.front.worker.liveness import CHECK_EVERY, MAX_ROUND_SECONDS, MAX_STILL_SECONDS, Liveness, Pulse, StopEvent
from civicmail.front.worker.wakeups import Wakeup, watch

log = get_logger()

Work = Callable[[], int]
"""One round of a job. Returns how much was done; 0 if there is nothing more to do at once."""

MAX_PAUSE = 60.0
LENT_SECONDS = 0.2
JOIN_SECONDS = 0.2
_AWAY = ("OperationalError", "InterfaceError")
"""Names of database errors, because the mail worker has no Django. They are not logged with a trace."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job of one process. start: called with the lease held, makes what the rounds need; every: seconds between two rounds.

    wakeup: what it then waits for, until `fallback` seconds after the last round began; woken_by: names of changes.
    repeats: whether a round that did something is followed by another one at once.
    lends: a lease that start takes itself, and that the job lets go between two rounds when a command wants it.
    max_still: seconds for which a round may use no processor before it is taken to hang; max_round, stop_event: as of Pulse.
    """

    name: str
    start: Callable[[], AbstractContextManager[Work]]
    every: float
    lease: str = ""
    lends: str = ""
    max_still: float = MAX_STILL_SECONDS
    max_round: float = MAX_ROUND_SECONDS
    stop_event: StopEvent | None = None
    wakeup: Wakeup | None = None
    woken_by: Set[str] = frozenset()
    fallback: float = 0.0
    repeats: bool = True


def run_job(
    job: Job, data: Path, stop: threading.Event | Pulse, clock: Callable[[], float] = time.monotonic, beat: Beat | None = None
) -> None:
    """Run rounds until stop is set. Errors are logged; the job restarts after a growing pause. beat: receives the job's state."""
    beat = beat or Beat(job.name)

    def is_lent() -> bool:
        return bool(job.lends) and is_requested(lease_path(data, job.lends))

    while not stop.is_set():
        if is_lent():
            stop.wait(LENT_SECONDS)
            continue
        try:
            with Lease.take(lease_path(data, job.lease)) if job.lease else nullcontext(), job.start() as work:
                beat.elsewhere = False
                while not stop.is_set() and not is_lent():
                    if job.wakeup is not None:
                        job.wakeup.clear()
                    began, beat.began = clock(), now_ms()
                    more = work() and job.repeats
                    beat.began, beat.done, beat.failures, beat.problem = 0, now_ms(), 0, ""
                    if not more:
                        stop.wait(max(0.0, job.every - (clock() - began)))
                        if job.wakeup is not None and isinstance(stop, Pulse):
                            stop.wait_for(job.wakeup, job.fallback - (clock() - began))
        except LeaseHeld:
            beat.elsewhere = True
            stop.wait(1.0)
        except Exception as error:  # noqa: BLE001 - one bad round must not end the job: mail would wait for ever
            beat.began, beat.failures = 0, beat.failures + 1
            beat.problem = _log_failure(job, error, beat.failures)
            stop.wait(min(MAX_PAUSE, 0.5 * 2 ** min(beat.failures - 1, 10)))


def _log_failure(job: Job, error: Exception, failures: int) -> str:
    """Log an error. Of our own bugs other places get only the type, because the text could be mail content."""
    name = type(error).__name__
    ours = not isinstance(error, CivicmailError) and name not in _AWAY
    problem = {} if ours else {"problem": str(error).partition("\n")[0]}
    traced = ours and failures == 1  # once in a row: what fails each minute for a day fills no disk
    log.error("a job failed and will begin anew", job=job.name, failures=failures, error=name, **problem, exc_info=traced)
    return problem.get("problem", name)


def run_all(process: str, jobs: list[Job], data: Path, stop: threading.Event, abandon: Callable[[], bool] = lambda: False) -> None:
    """Run each job in its own thread, with heartbeats and a watchdog for the service manager. Returns when all have stopped, or at
    once if `abandon` allows to cut them off; the process must then exit."""
    memory.limit_arenas()
    beats = tuple(Beat(job.name) for job in jobs)
    pulses = [Pulse(stop, beat, job.max_still, job.max_round, job.stop_event) for job, beat in zip(jobs, beats, strict=True)]
    threads = [
        threading.Thread(target=run_job, args=(job, data, pulse, time.monotonic, beat), name=job.name, daemon=True)
        for job, pulse, beat in zip(jobs, pulses, beats, strict=True)
    ]
    wakeups = [(job.woken_by, job.wakeup) for job in jobs if job.wakeup is not None]
    watcher = threading.Thread(target=watch, args=(data, wakeups, stop), name="changes", daemon=True)
    for thread in [*threads, watcher] if wakeups else threads:
        thread.start()
    liveness = Liveness(list(zip(pulses, threads, strict=True)), Manager())
    noted = 0.0
    while any(thread.is_alive() for thread in threads):
        liveness.look()
        if time.monotonic() - noted >= heartbeats.EVERY / 1000:
            noted = time.monotonic()
            _note(data, Heartbeat(process, os.getpid(), now_ms(), beats))
        if not stop.wait(CHECK_EVERY):
            continue
        if abandon():
            return
        for _, wakeup in wakeups:
            wakeup.wake()
        threads[0].join(JOIN_SECONDS)
        threads = [thread for thread in threads if thread.is_alive()]


def _note(data: Path, beat: Heartbeat) -> None:
    """Write the heartbeat; a full disk is reported elsewhere."""
    with suppress(OSError):
        heartbeats.write(data, beat)
