"""Check that each worker job runs, and say what stops while it does not."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.core.disk import lease
from civicmail.front.checkup import heartbeats, job_registry
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Installation, Level
from civicmail.front.checkup.heartbeats import Beat, Heartbeat
from civicmail.front.checkup.job_registry import Process
from civicmail.front.checkup.wording import when

MAX_SILENCE_MS = MINUTE
"""ms after which a process that notes nothing is taken to do nothing."""
MAX_FAILURES = 3
MAX_ROUND_MS = HOUR
"""ms after which a round that does not end is reported."""


def jobs(p: Installation) -> Iterator[Finding]:
    """Check each job: a problem a minute after its process stopped, or when it fails repeatedly."""
    for process in job_registry.PROCESSES:
        beat = heartbeats.read(p.data, process)
        if beat is None:
            yield from _never_ran(p, process)
        elif process == "standby" and not p.settings.archive.standby:
            continue
        elif abs(p.now - beat.at) >= MAX_SILENCE_MS:  # other checks wait for answers: it may be newer than the look
            yield from _stopped(p, beat)
        else:
            yield from _running(p, beat)


def _consequence(name: str) -> str:
    """What is lost while a job does not run, as the end of a sentence."""
    try:
        return job_registry.by_name(name).silent
    except KeyError:  # of another version of the program
        return "what it does is not done"


def _never_ran(p: Installation, process: Process) -> Iterator[Finding]:
    """Yield findings for a process without a heartbeat. If the lease of its job is held, an older program runs it."""
    for job in job_registry.jobs(p.settings, process):
        if job.is_core and not lease.is_held(lease.lease_path(p.data, job.name)):
            yield Finding(f"job {job.name}", "not-set-up", f"Nobody does it: {job.silent}.", _start(p, process))
        elif job.is_core:
            yield Finding(f"job {job.name}", "ok", f"Process {lease.holder(lease.lease_path(p.data, job.name))} does it.")


def _stopped(p: Installation, beat: Heartbeat) -> Iterator[Finding]:
    """A process that has ended, or was stopped, with all that it did."""
    for job in beat.jobs:
        text = f"Nobody does it since {when(beat.at)}: {_consequence(job.job)}."
        yield Finding(f"job {job.job}", "problem", text, _start(p, beat.process))


def _running(p: Installation, beat: Heartbeat) -> Iterator[Finding]:
    healthy = 0
    for job in beat.jobs:
        if job.elsewhere:
            continue
        finding = _problem_of(beat, job)
        if finding is None:
            healthy += 1
        else:
            yield finding
    yield Finding(f"worker {beat.process}", "ok", f"Process {beat.pid} does {healthy} of {len(beat.jobs)} jobs.")


def _problem_of(beat: Heartbeat, job: Beat) -> Finding | None:
    """The finding about a job of a running process, or None."""
    since = f" since {when(job.done)}" if job.done else ""
    if job.failures:
        level: Level = "problem" if job.failures > MAX_FAILURES else "warning"
        why = f" ({job.problem})" if job.problem else ""
        text = f"It fails{since}, {job.failures} times in a row{why}: {_consequence(job.job)}."
        return Finding(f"job {job.job}", level, text, "The log of the worker says why; it is tried again by itself.")
    if not _is_endless(job.job) and job.began and beat.at - job.began > MAX_ROUND_MS:
        text = f"One round runs since {when(job.began)}; meanwhile {_consequence(job.job)}."
        return Finding(f"job {job.job}", "warning", text, "Wait where it has much to do; else start it anew and report it.")
    return None


def _is_endless(name: str) -> bool:
    return any(job.name == name and job.is_endless for job in job_registry.JOBS)


def _start(p: Installation, process: str) -> str:
    return f"civicmail run --data {p.data}, or its part alone: civicmail run worker --job {process}"
