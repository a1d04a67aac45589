"""Compare the audit log table with journals and segments, both ways (A3). Writes the result to files; changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from civicmail.city.guard import comparison_result
from civicmail.city.guard.queries import entry_comparison
from civicmail.city.identity.actions import journal_offsets
from civicmail.city.identity.models import Followed
from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.tail import Record, Tail
from civicmail.core.ledger.recorded_entries import RecordedEntries
from civicmail.front.worker import journal_reader
from civicmail.mail.archive import replay

log = get_logger()


class AuditLogComparison:
    """Hears every entry of the journals, also those that were sealed before there was such a job. clock: ms."""

    def __init__(self, data: Path, clock: Callable[[], int]) -> None:
        self.differences = 0
        self._waiting: frozenset[int] = frozenset()
        self._data = data
        self._clock = clock
        self._expected = _opened(data)
        self._tail = Tail(data, self._begin(), bodies=False)

    def _begin(self) -> dict[str, int]:
        """Resume at the stored offsets; the first time read the sealed records too."""
        if places := self._expected.places:
            return places
        places, problems = journal.retired(self._data), list[str]()
        for record in replay.sealed_entries(self._data, problems):
            self._hear(record)
        if problems:
            log.error("entries cannot be compared with all that was sealed", problems=problems)
        self._expected.note(places)
        return places

    def _hear(self, record: Record) -> None:
        self._expected.add(record.journal, record.number, record.head)

    def step(self) -> bool:
        """Compare once. Raises DatabaseError, sqlite3.Error; the next one then starts over."""
        now = self._clock()
        known = entry_comparison.take_baseline(self._waiting)
        self._waiting = known.waiting
        before = dict(self._tail.positions)
        while journal_reader.read(self._tail, self._hear):
            self._expected.note(self._tail.positions)
        followed = entry_comparison.followed_from(journal_offsets.read_offsets(Followed), journal.retired(self._data))
        compared = entry_comparison.followed_from(before, {})
        result = entry_comparison.compare(self._expected, known, followed, compared, now=now)
        self.differences = len(result.differences)
        if result.differences:
            log.error(
                "entries are not what the journals say",
                differences=len(result.differences),
                first=result.differences[0].kind,
                security=True,
            )
        comparison_result.save(self._data, now, result.entries, result.differences)
        return False

    def close(self) -> None:
        self._expected.close()


def _opened(data: Path) -> RecordedEntries:
    """The file, or a new one where it is damaged."""
    try:
        return RecordedEntries(data / comparison_result.RECORDED)
    except sqlite3.DatabaseError:
        for name in comparison_result.FILES:
            (data / name).unlink(missing_ok=True)
        return RecordedEntries(data / comparison_result.RECORDED)
