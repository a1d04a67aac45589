"""Jobs of the city worker for the access database: date sweep, audit log, snapshot, backup and usage counts.

Each round may fail with a DatabaseError while the database is unavailable; the next one catches up. Nothing here reads the content
of a message.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError, OperationalError, connections

from civicmail.city.guard.actions import entries, external_acts
from civicmail.city.identity.actions import account_notices, date_sweep, journal_consumer, journal_offsets, publishing, signin
from civicmail.city.identity.actions.date_sweep import SweepCounts
from civicmail.city.identity.actions.publishing import publish_waiting as publish_waiting
from civicmail.city.identity.database_backup import BACKUP_NAME, LIVE_FILES, write_backup
from civicmail.city.identity.models import Followed
from civicmail.city.identity.queries import effective_dates
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.published_snapshot import mark_database_alive
from civicmail.city.snapshot.snapshot_file import encode
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files

BATCH_SIZE = 500
FULL_SCAN_EVERY_MS = 3_600_000
"""ms between two looks at all entries that there ever were, and at everybody."""
SETTLED_EVERY_MS = 60_000
"""ms between two questions which of them nobody has to look at any more."""
_OPTIMIZE_MASK = 0x10012
"""Tables that were never counted, or have grown tenfold, and of each some thousand rows (sqlite.org/pragma.html, "optimize")."""
log = get_logger()

Append = Callable[[list[dict[str, Any]]], list[tuple[str, int]]]
"""Makes entries durable in a journal, in order, and returns where each stands: journal and number."""


class SweepJob:
    """Sweeps, and publishes a snapshot when time alone has changed access. Checks everyone when a date has come, and each hour;
    acts publish their own changes."""

    def __init__(self) -> None:
        self._published = ""
        self._swept_ms = self._full_scan_ms = 0

    def step(self, now: int) -> SweepCounts:
        """Run one round. now: ms."""
        swept = date_sweep.sweep(now)
        external_acts.settle(now)
        account_notices.send_due(now=now)
        signin.tell_of_guesses(now=now)
        if self._is_due(now):
            content = _snapshot_digest(now)
            if content != self._published:
                publishing.publish(now)
                self._published = content
            self._full_scan_ms = now
        self._swept_ms = now
        return swept

    def _is_due(self, now: int) -> bool:
        """Whether a sweep is due, also after a clock was set back."""
        if now < self._swept_ms or not 0 <= now - self._full_scan_ms < FULL_SCAN_EVERY_MS:
            return True
        return effective_dates.has_passed(self._swept_ms, now)


def carry_entries(append: Append, now: int, *, after: int = 0) -> int:
    """Bring entries that the ledger does not have yet to a journal; returns how many. They are durable there before that is noted,
    so a crash in between carries one twice, under the same uuid, and loses none. after: only entries with ids above it; 0: all that
    there ever were."""
    total = 0
    while rows := entries.waiting(BATCH_SIZE, after):
        places = append([orjson.loads(bytes(row.head)) for row in rows])
        entries.mark_carried([(row, journal, number) for row, (journal, number) in zip(rows, places, strict=True)], now=now)
        total += len(rows)
        if len(rows) < BATCH_SIZE:
            break
    return total


class EntryCarrier:
    """Carries entries to the journal, for a worker: at the start and each hour it considers all entries, else those not settled; an
    entry settled a minute ago stays settled."""

    def __init__(self, append: Append) -> None:
        self._append = append
        self._thorough = self._checked = self._after = 0

    def step(self, now: int) -> int:
        """Run one round; return the number carried. now: ms."""
        if not 0 <= now - self._thorough < FULL_SCAN_EVERY_MS:
            done = carry_entries(self._append, now)
            self._thorough = now
            return done
        if not 0 <= now - self._checked < SETTLED_EVERY_MS:
            self._after, self._checked = entries.settled(now), now
        return carry_entries(self._append, now, after=self._after)


def mark_alive(now: int) -> None:
    """Note that the database answers at this moment, so that entry points continue with their snapshot. Raises DatabaseError."""
    data = publishing.data_folder()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    if data is not None:
        mark_database_alive(data, now)


class DatabaseBackup:
    """A second, whole file of the database for the copy of the installation (database_backup.py), and how many rows of each table
    are alike,
    by which SQLite chooses its ways. Where a server keeps it there is nothing to do: servers do both by themselves."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._data = data
        self._files = files
        self._saved_stamps: tuple[object, ...] | None = None

    def step(self) -> bool:
        """Save when something has changed since the last time; True when it was saved. Blocks for about 0.1 s on 20 MB."""
        connection = connections["default"]
        if connection.vendor != "sqlite":
            return False
        if self._file_stamps() == self._saved_stamps:
            return False
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA optimize={_OPTIMIZE_MASK}")
        seen = self._file_stamps()
        with connection.cursor() as cursor:
            write_backup(cursor.execute, self._data / BACKUP_NAME, self._files)
        self._saved_stamps = seen
        return True

    def _file_stamps(self) -> tuple[object, ...]:
        """Another one whenever the database has changed."""
        return tuple((s.st_size, s.st_mtime_ns) for name in sorted(LIVE_FILES) if (s := stat(self._data / name)))


class UsageRecorder:
    """Writes counts from journals at intervals; while the database is unavailable they stay in memory."""

    def __init__(self) -> None:
        self.batch = journal_consumer.JournalBatch(journal_offsets.read_offsets(Followed))

    @property
    def positions(self) -> dict[str, int]:
        return self.batch.positions

    def write(self, now: int) -> bool:
        """False when the database did not answer; then it is tried again at the next call."""
        try:
            journal_consumer.write(self.batch, now=now)
        except DatabaseError as error:
            close_connections()
            log.error("sign-ins and counts wait for the database", waiting=len(self.batch.attempts), error=type(error).__name__)
            return False
        return True


def stat(path: Path) -> os.stat_result | None:
    """The file status of a file that may not exist."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


@contextmanager
def retried_next_round() -> Iterator[None]:
    """Suppress errors of a step that is retried soon: another process was faster, the archive is behind, or the database is
    busy."""
    with suppress(CivicmailError, OperationalError):
        yield


def close_connections() -> None:
    """Let the thread's connection go: the next round begins with a new one where this one broke."""
    connections.close_all()


def _snapshot_digest(now: int) -> str:
    """The digest of the present snapshot's content, without its version and time."""
    plain = replace(build_snapshot(0, now, tuple(settings.CITY.city.domains)), at=0)
    return hashlib.sha256(encode(plain)).hexdigest()
