"""The city worker hears reports of dangerous mail that come by mail, and makes cases of them (P-31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.worker.listening import begin, read
from civicmail.front.worker.loops import Job, Work
from civicmail.front.worker.people import Prepare, connected

LEASE = "reports"
EVERY = 1.0
WRITE_EVERY = 5_000
"""ms between two notes of how far was read; a report is written at once."""

Clock = Callable[[], int]


def job(data: Path, prepare: Prepare, clock: Clock) -> Job:
    """Django is started; prepare is called before the job begins."""
    return Job("reports", lambda: _follow(data, prepare, clock), EVERY, lease=LEASE)


def one_round(data: Path, clock: Clock) -> int:
    """Once what the job does all the time; how many journals had something. Raises LeaseHeld, LaterError."""
    from civicmail.desk.incidents.actions.hearing import Hearing

    with connected(), Lease.take(lease_path(data, LEASE)):
        hearing, rounds = Hearing(), 0
        tail = begin(data, hearing.positions)
        while read(tail, hearing.hear):
            hearing.positions.update(tail.positions)
            hearing.write(clock())
            rounds += 1
        return rounds


@contextmanager
def _follow(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.desk.incidents.actions.hearing import Hearing

    prepare()
    with connected():
        hearing = Hearing()
        tail = begin(data, hearing.positions)
        written = clock()

        def work() -> bool:
            nonlocal written
            more = read(tail, hearing.hear)
            hearing.positions.update(tail.positions)
            now = clock()
            if hearing.has_news or not 0 <= now - written < WRITE_EVERY:
                hearing.write(now)
                written = now
            return more

        yield work
