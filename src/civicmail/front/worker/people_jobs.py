"""City worker jobs that need the database: deadlines, audit entries to the ledger, sign-ins and counts from journals, health of
the database. Mail flows without it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.disk.tail import Record
from civicmail.front.worker.job_loop import Job, Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.mail.archive import replay
from civicmail.mail.archive.commit import ENTERED, SHORT_FILE, Writer
from civicmail.mail.archive.records import Event, Type

if TYPE_CHECKING:  # its module needs Django, which is started later
    from civicmail.city.identity.worker_jobs import UsageRecorder

log = get_logger()

CARRY_EVERY = 0.3
DOORS_EVERY = 0.25
FOLLOW_EVERY = 1.0
SWEEP_EVERY = 15.0
ALIVE_EVERY = 10.0
SAVE_EVERY = 30.0
COMPARE_EVERY = 600.0
EXPORT_EVERY = 1.0
FEEDS_EVERY = 30.0
EXPORTS_SWEPT_EVERY = 60_000
"""ms between two looks at exports whose time is over."""

Clock = Callable[[], int]
Prepare = Callable[[], None]
"""Brings the database up to date; raises while it is away."""
Round = Callable[[], object]
"""One round of a job; its return value is ignored, because the next round does the rest."""


def jobs(data: Path, prepare: Prepare, clock: Clock) -> list[Job]:
    """Django is started; prepare is called before each job begins, and again after it failed."""
    once = _once(prepare)
    return [
        Job("entries", lambda: _carry(data, once, clock), CARRY_EVERY, lease="entries"),
        Job("deadlines", each(once, lambda: _deadlines(clock)), SWEEP_EVERY, lease="deadlines"),
        Job("conduct", each(once, lambda: _conduct(clock)), SWEEP_EVERY, lease="conduct"),
        Job("doors", each(once, lambda: _doors(clock)), DOORS_EVERY, lease="doors"),
        Job("follow", lambda: _follow(data, once, clock), FOLLOW_EVERY, lease="follow"),
        Job("alive", each(once, lambda: _alive(clock)), ALIVE_EVERY),
        Job("compare", lambda: _compare(data, once, clock), COMPARE_EVERY, lease="compare"),
        Job("save", each(once, lambda: _save(data)), SAVE_EVERY, lease="save"),
        Job("exports", lambda: _exports(data, once, clock), EXPORT_EVERY, lease="exports"),
        Job("feeds", each(once, lambda: _feeds(clock)), FEEDS_EVERY, lease="feeds"),
    ]


def one_round(data: Path, prepare: Prepare, clock: Clock) -> tuple[int, int, list[str]]:
    """Once what the jobs do all the time: how much had a date that has come, how many entries were carried, and leases that others
    hold."""
    from civicmail.city.identity import worker_jobs

    def carry() -> int:
        with closing(Writer(data, clock, file_size=SHORT_FILE)) as writer:
            return worker_jobs.carry_entries(lambda heads: append(writer, heads), clock())

    rounds: dict[str, Callable[[], int]] = {
        "deadlines": lambda: sum(asdict(worker_jobs.SweepJob().step(clock())).values()),
        "conduct": _conduct(clock),
        "follow": lambda: _following(data, clock).all(),
        "exports": lambda: _all_exports(data, clock),
        "entries": carry,
        "compare": lambda: compare_once(data, clock()),
    }
    prepare()
    done: dict[str, int] = {}
    busy = []
    with connected():
        for name, round_ in rounds.items():
            try:
                with Lease.take(lease_path(data, name)):
                    done[name] = round_()
            except LeaseHeld:
                busy.append(name)
    return done.get("deadlines", 0) + done.get("conduct", 0), done.get("entries", 0), busy


def _once(prepare: Prepare) -> Prepare:
    """The same for several threads: the first does it, the others wait for it."""
    lock, done = threading.Lock(), threading.Event()

    def ready() -> None:
        with lock:
            if not done.is_set():
                prepare()
                done.set()

    return ready


@contextmanager
def _carry(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.city.identity import worker_jobs

    prepare()
    with connected(), closing(Writer(data, clock, file_size=SHORT_FILE)) as writer:
        carrying = worker_jobs.EntryCarrier(lambda heads: append(writer, heads))

        def work() -> bool:
            carrying.step(clock())
            writer.rotate_if_idle()
            return False

        yield work


def append(writer: Writer, heads: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Write audit entries to a journal. Returns their places."""
    made = [orjson.loads(writer.event(Event(Type.ENTRY, NO_ID, head["at"], facts=head))) for head in heads]
    writer.flush()
    return [(record["journal"], record["number"]) for record in made]


def _deadlines(clock: Clock) -> Round:
    from civicmail.city.identity.actions import department_routing
    from civicmail.city.identity.worker_jobs import SweepJob

    sweeping = SweepJob()

    def step() -> None:
        sweeping.step(clock())
        department_routing.follow()

    return step


def _conduct(clock: Clock) -> Callable[[], int]:
    """Dates of reviews, violations and statements."""
    from civicmail.city.conduct.jobs import run_due

    return lambda: run_due(clock())


def _feeds(clock: Clock) -> Round:
    """Run the LDAP feeds that are due."""
    from civicmail.city.identity.actions.feedpull import pull_due

    return lambda: pull_due(clock())


def _doors(clock: Clock) -> Round:
    """Publish changes that were not published yet."""
    from civicmail.city.identity.worker_jobs import publish_waiting

    return lambda: publish_waiting(clock())


def _alive(clock: Clock) -> Round:
    from civicmail.city.identity.worker_jobs import mark_alive

    return lambda: mark_alive(clock())


@contextmanager
def _compare(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    """The table of entries is what the journals say."""
    from civicmail.front.worker.audit_log_comparison import AuditLogComparison

    prepare()
    with connected(), closing(AuditLogComparison(data, clock)) as comparing:
        yield comparing.step


def compare_once(data: Path, now: int) -> int:
    """How many differences there are."""
    from civicmail.front.worker.audit_log_comparison import AuditLogComparison

    with closing(AuditLogComparison(data, lambda: now)) as comparing:
        comparing.step()
        return comparing.differences


def _save(data: Path) -> Round:
    """Save the whole database to a file for backup."""
    from civicmail.city.identity.worker_jobs import DatabaseBackup

    return DatabaseBackup(data).step


@contextmanager
def _follow(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    prepare()
    with connected():
        yield _following(data, clock).step


def _following(data: Path, clock: Clock) -> JournalReader:
    """Goes on from where the tables say. Tables that say nothing may be a copy of a city's first minutes: they lack entries that
    were sealed since, which the journals have no more."""
    from civicmail.city.identity.worker_jobs import UsageRecorder

    ear = _Heard(UsageRecorder())
    is_new = not ear.positions
    listening = JournalReader(data, ear, clock)
    if is_new:
        problems: list[str] = []
        for record in replay.sealed_entries(data, problems):
            ear.recall(record)
        ear.write(clock())
        if problems:
            log.error("sealed entries cannot all be read", problems=problems)
    return listening


class _Heard:
    """Updates the tables from mail records."""

    def __init__(self, following: UsageRecorder) -> None:
        self._following = following

    @property
    def positions(self) -> dict[str, int]:
        return self._following.positions

    @property
    def has_news(self) -> bool:
        return bool(self._following.batch.attempts or self._following.batch.external_acts)

    def hear(self, record: Record) -> None:
        heard = self._following.batch
        if record.type == Type.RECEIPT:
            heard.receipt(orjson.loads(record.head))
        elif record.type == Type.ENTRY:
            plain = orjson.loads(record.head)
            heard.entry(plain["facts"], plain["at"])
            self.recall(record)
        elif ENTERED in record.head:
            heard.external_acts.append(orjson.loads(record.head)["facts"]["entry"])

    def recall(self, record: Record) -> None:
        """Take an entry for the table, where it is one; who signed in long ago is not counted."""
        facts = orjson.loads(record.head)["facts"]
        if "uuid" in facts:
            self._following.batch.entries.append((facts, record.journal, record.number))

    def write(self, now: int) -> None:
        self._following.write(now)


@contextmanager
def _exports(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    """Make ordered exports piece by piece, and remove expired ones."""
    from civicmail.desk.workbench.tasks import Exporting, sweep

    prepare()
    with connected(), closing(Exporting(data, clock)) as exporting:
        swept = 0

        def work() -> bool:
            nonlocal swept
            now = clock()
            if not 0 <= now - swept < EXPORTS_SWEPT_EVERY:
                sweep(data, now)
                swept = now
            return exporting.step()

        yield work


def _all_exports(data: Path, clock: Clock) -> int:
    """How many pieces were made."""
    from civicmail.desk.workbench.tasks import Exporting, sweep

    sweep(data, clock())
    count = 0
    with closing(Exporting(data, clock)) as exporting:
        while exporting.step():
            count += 1
    return count


def each(prepare: Prepare, begin: Callable[[], Round]) -> Callable[[], AbstractContextManager[Work]]:
    """The start of a job that has nothing to do at once again. begin: called with the database there, makes what a round does."""

    @contextmanager
    def start() -> Iterator[Work]:
        prepare()
        with connected():
            round_ = begin()

            def work() -> bool:
                round_()
                return False

            yield work

    return start


@contextmanager
def connected() -> Iterator[None]:
    """Give the thread its own database connection, closed at the end."""
    from civicmail.city.identity.worker_jobs import close_connections

    try:
        yield
    finally:
        close_connections()
