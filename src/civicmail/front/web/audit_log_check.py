"""Compare the audit log table with journals and segments, for `civicmail verify` (A3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from civicmail.city.guard import guard
from civicmail.city.identity.database_backup import DATABASE
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import load
from civicmail.core.disk import journal
from civicmail.core.ledger.problems import KeptRecord
from civicmail.core.ledger.recorded_entries import RecordedEntries


class AuditLogCheck:
    """Hears every record, then compares. Make it before the first is read."""

    def __init__(self, data: Path, config: Path | None) -> None:
        self.notes: list[str] = []
        self._data = data
        self._problem = ""
        self._expected = RecordedEntries()
        self._known: Any = None
        self._durable_before: dict[str, int] = {}
        self._is_there = self._has_tables(config)
        if self._is_there:
            self._begin(config)

    def _has_tables(self, config: Path | None) -> bool:
        try:
            return bool(load(self._data, config).database.url) or (self._data / DATABASE).exists()
        except ConfigError:
            self.notes.append("The settings cannot be read, so nothing was compared with the table of entries.")
            return False

    def _begin(self, config: Path | None) -> None:
        from civicmail.front.web.start import start

        start(self._data, config)
        from django.conf import settings
        from django.db import DatabaseError

        from civicmail.city.guard.queries import entry_comparison

        if self._data != settings.DATA:  # this process works for another installation
            return
        self._durable_before = journal.durable(self._data)
        try:
            self._known = entry_comparison.take_baseline()
        except DatabaseError as error:
            self._problem = f"The table of entries cannot be read ({type(error).__name__}), so nothing was compared with it."

    def add(self, record: KeptRecord) -> None:
        """Take one record."""
        if self._is_there:
            self._expected.add(record.journal, record.number, record.head)

    def close(self) -> None:
        """Drop what was read."""
        self._expected.close()

    def problems(self) -> list[dict[str, Any]]:
        """Problems of the table, after the last record."""
        if self._known is None:
            if not guard.is_claimed(self._data):  # nobody has ever used its tables
                return []
            return [{"code": "entries", "text": self._problem}] if self._problem else []
        from django.db import DatabaseError

        from civicmail.city.guard.queries import entry_comparison
        from civicmail.city.identity.actions import journal_offsets
        from civicmail.city.identity.models import Followed
        from civicmail.core.config.clock import now_ms

        try:
            followed = entry_comparison.followed_from(journal_offsets.read_offsets(Followed), journal.retired(self._data))
            compared = entry_comparison.followed_from(self._durable_before, {})
            result = entry_comparison.compare(self._expected, self._known, followed, compared, now=now_ms())
        except DatabaseError as error:
            return [{"code": "entries", "text": f"The table of entries cannot be read ({type(error).__name__})."}]
        if result.pending:
            self.notes.append(f"{result.pending} entries are so new that table and journals may still differ.")
        return [{"code": f"entry-{d.kind}", "text": d.text, "where": d.uuid} for d in result.differences]
