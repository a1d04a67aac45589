"""The jobs of the city worker on people's side: dates, entries on their way to the ledger, the snapshot, sign-ins and counts.

Each round may fail with a DatabaseError while the database is away; the next one catches up. Nothing here says what is in a
message.
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

from civicmail.city.access.actions import accountnews, deeds, entries, following, publishing, reached, signin, sweeping
from civicmail.city.access.actions.publishing import tell_waiting as tell_waiting
from civicmail.city.access.actions.sweeping import Swept
from civicmail.city.access.models import Followed
from civicmail.city.access.published import touch_alive
from civicmail.city.access.queries import dates
from civicmail.city.access.queries.snapshots import current
from civicmail.city.access.saved import LIVING, SAVED, write_whole
from civicmail.city.access.snapshotfile import encode
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files

AT_ONCE = 500
THOROUGH_EVERY = 3_600_000
"""ms between two looks at all entries that there ever were, and at everybody."""
SETTLED_EVERY = 60_000
"""ms between two questions which of them nobody has to look at any more."""
_COUNTED = 0x10012
"""Tables that were never counted, or have grown tenfold, and of each some thousand rows (sqlite.org/pragma.html, "optimize")."""
log = get_logger()

Append = Callable[[list[dict[str, Any]]], list[tuple[str, int]]]
"""Makes entries durable in a journal, in order, and returns where each stands: journal and number."""


class Sweeping:
    """Sweeps, and publishes anew when the time has changed who may what without anybody's doing. Everybody is looked at when a date
    has come, and each hour: whoever changes something tells doors."""

    def __init__(self) -> None:
        self._published = ""
        self._looked = self._whole = 0

    def step(self, now: int) -> Swept:
        """One round. now: ms."""
        swept = sweeping.sweep(now)
        deeds.settle(now)
        accountnews.tell_news(now=now)
        signin.tell_of_guesses(now=now)
        if self._is_due(now):
            said = _content(now)
            if said != self._published:
                publishing.publish(now)
                self._published = said
            self._whole = now
        self._looked = now
        return swept

    def _is_due(self, now: int) -> bool:
        """Also after a clock that went back."""
        if now < self._looked or not 0 <= now - self._whole < THOROUGH_EVERY:
            return True
        return dates.passed(self._looked, now)


def carry(append: Append, now: int, *, after: int = 0) -> int:
    """Bring entries that the ledger does not have yet to a journal; returns how many. They are durable there before that is noted,
    so a crash in between carries one twice, under the same uuid, and loses none. after: only entries with ids above it; 0: all that
    there ever were."""
    total = 0
    while rows := entries.waiting(AT_ONCE, after):
        places = append([orjson.loads(bytes(row.head)) for row in rows])
        entries.note_carried([(row, journal, number) for row, (journal, number) in zip(rows, places, strict=True)], now=now)
        total += len(rows)
        if len(rows) < AT_ONCE:
            break
    return total


class Carrying:
    """carry, for a worker: at first and each hour it looks at all that there ever were, else at what is not settled; and what was
    settled a minute ago is settled still."""

    def __init__(self, append: Append) -> None:
        self._append = append
        self._thorough = self._asked = self._after = 0

    def step(self, now: int) -> int:
        """One round; how many were carried. now: ms."""
        if not 0 <= now - self._thorough < THOROUGH_EVERY:
            done = carry(self._append, now)
            self._thorough = now
            return done
        if not 0 <= now - self._asked < SETTLED_EVERY:
            self._after, self._asked = entries.settled(now), now
        return carry(self._append, now, after=self._after)


def note_alive(now: int) -> None:
    """Say that the database answers at this moment: doors go on with their snapshot. Raises DatabaseError."""
    data = publishing.data_folder()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    if data is not None:
        touch_alive(data, now)


class Saving:
    """A second, whole file of the database for the copy of the installation (saved.py), and how many rows of each table are alike,
    by which SQLite chooses its ways. Where a server keeps it there is nothing to do: servers do both by themselves."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._data = data
        self._files = files
        self._seen: tuple[object, ...] | None = None

    def step(self) -> bool:
        """Save when something has changed since the last time; True when it was saved. Blocks for about 0.1 s on 20 MB."""
        connection = connections["default"]
        if connection.vendor != "sqlite":
            return False
        if self._looked() == self._seen:
            return False
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA optimize={_COUNTED}")
        seen = self._looked()
        with connection.cursor() as cursor:
            write_whole(cursor.execute, self._data / SAVED, self._files)
        self._seen = seen
        return True

    def _looked(self) -> tuple[object, ...]:
        """Another one whenever the database has changed."""
        return tuple((s.st_size, s.st_mtime_ns) for name in sorted(LIVING) if (s := stat(self._data / name)))


class Following:
    """Writes what journals said, every now and then; while the database is away it is kept in memory."""

    def __init__(self) -> None:
        self.heard = following.Heard(reached.of(Followed))

    @property
    def positions(self) -> dict[str, int]:
        return self.heard.positions

    def write(self, now: int) -> bool:
        """False when the database did not answer; then it is tried again at the next call."""
        try:
            following.write(self.heard, now=now)
        except DatabaseError as error:
            release()
            log.error("sign-ins and counts wait for the database", waiting=len(self.heard.attempts), error=type(error).__name__)
            return False
        return True


def stat(path: Path) -> os.stat_result | None:
    """What the file system says of a file that may not be there."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


@contextmanager
def again_soon() -> Iterator[None]:
    """For what is tried anew soon: somebody else was faster, the archive is behind, or the database is busy."""
    with suppress(CivicmailError, OperationalError):
        yield


def release() -> None:
    """Let the thread's connection go: the next round begins with a new one where this one broke."""
    connections.close_all()


def _content(now: int) -> str:
    """What the snapshot of this moment says, whatever its version and time."""
    plain = replace(current(0, now, tuple(settings.CITY.city.domains)), at=0)
    return hashlib.sha256(encode(plain)).hexdigest()
