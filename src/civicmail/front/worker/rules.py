"""Jobs for mail rules: start and end days, the published file, hits, replays (P-29)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.worker.job_loop import Job, Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.people_jobs import Clock, Prepare, Round, connected, each

LEASE = "rule-book"
RULES_EVERY = 5.0
HITS_EVERY = 2.0
REPLAY_EVERY = 1.0


def jobs(data: Path, prepare: Prepare, clock: Clock) -> list[Job]:
    """Django is started; prepare is called before each job begins."""
    return [
        Job(LEASE, each(prepare, lambda: _sweep(data, clock)), RULES_EVERY, lease=LEASE),
        Job("hits", lambda: _hits(data, prepare, clock), HITS_EVERY, lease="hits"),
        Job("replays", lambda: _replays(data, prepare, clock), REPLAY_EVERY, lease="replays"),
    ]


def one_round(data: Path, clock: Clock) -> int:
    """Once what the jobs do all the time; how much had a date that has come. Raises LeaseHeld."""
    from civicmail.desk.oversight import tasks

    with connected():
        with Lease.take(lease_path(data, LEASE)):
            dated = tasks.sweep(data, clock())
        with Lease.take(lease_path(data, "hits")):
            JournalReader(data, tasks.Counting(data), clock).all()
        with Lease.take(lease_path(data, "replays")), closing(tasks.Replays(data, clock)) as replays:
            while replays.step():
                pass
    return dated


def _sweep(data: Path, clock: Clock) -> Round:
    from civicmail.desk.oversight.tasks import sweep

    return lambda: sweep(data, clock())


@contextmanager
def _hits(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.desk.oversight.tasks import Counting

    prepare()
    with connected():
        yield JournalReader(data, Counting(data), clock).step


@contextmanager
def _replays(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.desk.oversight.tasks import Replays

    prepare()
    with connected(), closing(Replays(data, clock)) as replays:
        yield replays.step
