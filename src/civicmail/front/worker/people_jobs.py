"""City worker jobs that need the database: deadlines, audit entries to the ledger, sign-ins and counts from journals, health of
the database. Mail flows without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import Record
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive import replay
from civicmail.mail.archive.commit import ENTERED, SHORT_FILE, Writer
from civicmail.mail.archive.records import Event, Type

if TYPE_CHECKING:  # its module needs Django, which is started later
    from civicmail.city.identity.worker_jobs import UsageRecorder

log = get_logger()

EXPORTS_SWEPT_EVERY = 60_000
"""ms between two looks at exports whose time is over."""


def entries(context: JobContext) -> Iterator[Work]:
    """Carry audit entries from the table to a journal, and so to the ledger."""
    from civicmail.city.identity import worker_jobs

    with closing(Writer(context.data, context.clock, file_size=SHORT_FILE)) as writer:
        carrying = worker_jobs.EntryCarrier(lambda heads: append(writer, heads))

        def work() -> int:
            carried = carrying.step(context.clock())
            writer.rotate_if_idle()
            return carried

        yield work


def append(writer: Writer, heads: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Write audit entries to a journal. Returns their places."""
    made = [orjson.loads(writer.event(Event(Type.ENTRY, NO_ID, head["at"], facts=head))) for head in heads]
    writer.flush()
    return [(record["journal"], record["number"]) for record in made]


def deadlines(context: JobContext) -> Iterator[Work]:
    """Begin and end authorizations, roles and mandates on their day."""
    from civicmail.city.identity.actions import department_routing
    from civicmail.city.identity.worker_jobs import SweepJob

    sweeping = SweepJob()

    def work() -> int:
        swept = sweeping.step(context.clock())
        department_routing.follow()
        return sum(asdict(swept).values())

    yield work


def conduct(context: JobContext) -> Iterator[Work]:
    """Keep the dates of reviews, violations and statements."""
    from civicmail.city.conduct.jobs import run_due

    yield lambda: run_due(context.clock())


def feeds(context: JobContext) -> Iterator[Work]:
    """Run the LDAP feeds that are due."""
    from civicmail.city.identity.actions.feedpull import pull_due

    yield lambda: bool(pull_due(context.clock()))


def doors(context: JobContext) -> Iterator[Work]:
    """Publish changes of access that were not published yet."""
    from civicmail.city.identity.worker_jobs import publish_waiting

    yield lambda: publish_waiting(context.clock())


def alive(context: JobContext) -> Iterator[Work]:
    """Tell gateways that the database answers."""
    from civicmail.city.identity.worker_jobs import mark_alive

    def work() -> int:
        mark_alive(context.clock())
        return 0

    yield work


def compare(context: JobContext) -> Iterator[Work]:
    """Compare the table of audit entries with the journals."""
    from civicmail.front.worker.audit_log_comparison import AuditLogComparison

    with closing(AuditLogComparison(context.data, context.clock)) as comparing:
        yield comparing.step


def save(context: JobContext) -> Iterator[Work]:
    """Save the whole SQLite database to a file for backup."""
    from civicmail.city.identity.worker_jobs import DatabaseBackup

    backup = DatabaseBackup(context.data)
    yield lambda: bool(backup.step())


def follow(context: JobContext) -> Iterator[Work]:
    """Count sign-ins and use from the journals.

    Goes on from where the tables say. Tables that say nothing may be a copy of a city's first minutes: they lack entries that
    were sealed since, which the journals have no more."""
    from civicmail.city.identity.worker_jobs import UsageRecorder

    consumer = _UsageConsumer(UsageRecorder())
    is_new = not consumer.positions
    reader = JournalReader(context.data, consumer, context.clock)
    if is_new:
        problems: list[str] = []
        for record in replay.sealed_entries(context.data, problems):
            consumer.recall(record)
        consumer.write(context.clock())
        if problems:
            log.error("sealed entries cannot all be read", problems=problems)
    yield reader.step
    reader.finish()


class _UsageConsumer:
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
        elif ENTERED.matches(record.head):
            heard.external_acts.append(orjson.loads(record.head)["facts"]["entry"])

    def recall(self, record: Record) -> None:
        """Take an entry for the table, where it is one; who signed in long ago is not counted."""
        facts = orjson.loads(record.head)["facts"]
        if "uuid" in facts:
            self._following.batch.entries.append((facts, record.journal, record.number))

    def write(self, now: int) -> None:
        self._following.write(now)


def exports(context: JobContext) -> Iterator[Work]:
    """Make ordered exports piece by piece, and remove expired ones."""
    from civicmail.desk.workbench.tasks import Exporting, sweep

    with closing(Exporting(context.data, context.clock)) as exporting:
        swept = 0

        def work() -> int:
            nonlocal swept
            now = context.clock()
            if not 0 <= now - swept < EXPORTS_SWEPT_EVERY:
                sweep(context.data, now)
                swept = now
            return exporting.step()

        yield work
