"""The city worker hears reports of dangerous mail that come by mail, and what the virus scanner knows only by now, and makes cases
of them (P-31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.worker.listening import begin, read
from civicmail.front.worker.loops import Job, Work
from civicmail.front.worker.people import Prepare, connected
from civicmail.mail.pipeline.late import Late

LEASE, LATE = "reports", "late"
EVERY = 1.0
LATE_EVERY = 60.0
WRITE_EVERY = 5_000
"""ms between two notes of how far was read; a report is written at once."""

Clock = Callable[[], int]


def jobs(settings: Settings, data: Path, prepare: Prepare, clock: Clock) -> list[Job]:
    """Django is started; prepare is called before a job begins."""
    found = [Job("reports", lambda: _follow(data, prepare, clock), EVERY, lease=LEASE)]
    if settings.screening.clamd:
        found.append(Job("late", lambda: _late(settings, data, prepare, clock), LATE_EVERY, lease=LATE))
    return found


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


@contextmanager
def _late(settings: Settings, data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    prepare()
    with connected():
        late = Late(data, settings.screening.clamd)
        yield lambda: look(late, clock())


def look(late: Late, now: int) -> bool:
    """Scan some mail of the last days again; whether there is more to scan."""
    from civicmail.desk.incidents import queries
    from civicmail.desk.incidents.actions import reporting

    for id_, name in late.step(now):
        if (marks := queries.marks_of(id_)) is not None:
            reporting.propose(str(UUID(bytes=id_)), marks, f"The virus scanner knows {name} in it by now.", now=now)
    return late.is_more
