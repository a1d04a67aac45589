"""Audit entries, made durable in a journal before anything is shown (E6; docs/formats.md, "Heads").

place = EntryJournal.of(data).append([entry, …], now)      returns the place of each, after the sync

One journal for each process that shows mail. Threads that come together share one sync; after five idle minutes the journal is
closed, so that it can be sealed.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from civicmail.core.disk.errors import JournalEnded
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.journal import IDLE_MS, Journal
from civicmail.core.ledger.heads import canonical

ENTRY = 9  # record type, docs/formats.md
FILE_SIZE = 1 << 20
_NOBODY = "00000000-0000-0000-0000-000000000000"
Places = list[tuple[str, int]]


def record_head(journal: str, number: int, plain: dict[str, Any]) -> bytes:
    """The head of the record of an entry at its place."""
    head = {"v": 1, "type": "entry", "journal": journal, "number": number, "id": _NOBODY, "to": []}
    return canonical(head | {"at": plain["at"], "facts": plain})


class EntryJournal:
    """The journal of this process."""

    _current: ClassVar[EntryJournal | None] = None
    _choosing: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, data: Path) -> None:
        self.data = data
        self._pid = os.getpid()
        self._journal: Journal | None = None
        self._collecting = threading.Lock()
        self._syncing = threading.Lock()
        self._used = 0
        self._timer: threading.Timer | None = None

    @classmethod
    def for_folder(cls, data: Path) -> EntryJournal:
        """The journal of this data folder in this process; that of another folder is released. A fork has its own."""
        with cls._choosing:
            current = cls._current
            if current is None or current.data != data or current._pid != os.getpid():
                if current is not None and current._pid == os.getpid():
                    current.close()
                elif current is None:
                    atexit.register(cls.release)
                cls._current = current = cls(data)
            return current

    @classmethod
    def release(cls) -> None:
        """End the journal of this process, until the next entry."""
        current = cls._current
        if current is not None and current._pid == os.getpid():
            current.close()

    def append(self, entries: Sequence[dict[str, Any]], now: int) -> Places:
        """Make entries durable, in order; returns journal and number of each. now: ms. Raises LaterError, or OSError where it is
        unknown whether they were written."""
        with self._collecting:
            journal = self._alive(now)
            places = [self._collect(journal, plain) for plain in entries]
            self._used = now
        last = places[-1][1]
        with self._syncing:
            if journal.durable < last:  # else another thread's sync has covered it
                with self._collecting:
                    batch = journal.batch()
                journal.write(batch, now)
            if journal.durable < last:
                raise JournalEnded(f"Journal {journal.name} has ended before the entry was durable.")
        return places

    @staticmethod
    def _collect(journal: Journal, plain: dict[str, Any]) -> tuple[str, int]:
        number, _ = journal.append(ENTRY, NO_ID, lambda name, n: record_head(name, n, plain))
        return journal.name, number

    def _alive(self, now: int) -> Journal:
        if self._journal is not None and self._journal.ended:
            self._journal.close()
            self._journal = None
        if self._journal is None:
            self._journal = Journal.take(self.data, now=now, file_size=FILE_SIZE)
            self._wait()
        return self._journal

    def _wait(self) -> None:
        self._timer = threading.Timer(IDLE_MS / 1000, self._rest, (self._used,))
        self._timer.daemon = True
        self._timer.start()

    def _rest(self, used: int) -> None:
        """Let an idle journal go, or wait again."""
        if used == self._used:
            self.close()
        elif self._journal is not None:
            self._wait()

    def close(self) -> None:
        """Release the journal; the next entry takes one again."""
        with self._syncing, self._collecting:
            if self._timer is not None:
                self._timer.cancel()
            if self._journal is not None:
                self._journal.close()
                self._journal = None
