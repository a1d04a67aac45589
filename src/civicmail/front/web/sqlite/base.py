"""Who waits to write looks every few milliseconds whether it can (docs/decisions/0073).

SQLite's own way looks ever less often, in the end ten times a second (sqliteDefaultBusyCallback in sqlite3.c). Behind a worker that
writes row after row with a short pause between them that is seconds of bad luck for somebody who changes one thing.
"""

from __future__ import annotations

import sqlite3
import time

from django.db.backends.sqlite3 import base

LOOK = 0.003
"""Seconds between two looks; one costs some microseconds."""


class DatabaseWrapper(base.DatabaseWrapper):
    """The class that Django looks for under this name."""

    def _start_transaction_under_autocommit(self) -> None:
        """Begin, as soon as nobody else writes. Raises OperationalError after the time of the settings ("timeout", in seconds)."""
        options = self.settings_dict["OPTIONS"]
        patience: float = options["timeout"]
        until = time.monotonic() + patience
        with self.wrap_database_errors:
            self.connection.execute("PRAGMA busy_timeout = 0")
            try:
                while not self._begun(options["transaction_mode"], time.monotonic() >= until):
                    time.sleep(LOOK)
            finally:
                self.connection.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")

    def _begun(self, mode: str, last: bool) -> bool:
        """Whether it is our turn now. mode: IMMEDIATE, of a writer; last: raise where it is not."""
        try:
            self.connection.execute(f"BEGIN {mode}")
        except sqlite3.OperationalError as error:
            if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True
