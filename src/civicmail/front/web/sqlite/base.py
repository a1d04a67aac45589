"""Wait for SQLite's write lock by polling every few milliseconds (docs/decisions/0073).

SQLite itself polls ever less often, down to ten times a second (sqliteDefaultBusyCallback in sqlite3.c). Behind a worker that
writes row after row, a person would wait for seconds.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from django.db.backends.sqlite3 import base

from civicmail.front.web.database_errors import PeopleDamaged

LOOK = 0.003
"""Seconds between two looks; one costs some microseconds."""


class DatabaseWrapper(base.DatabaseWrapper):
    """The class that Django looks for under this name. "timeout" of its options: seconds until a writer gives up."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """With SQLite's own way of waiting, until it is open. Raises PeopleDamaged."""
        place = str(conn_params["database"])
        made: sqlite3.Connection = _whole(lambda: super(DatabaseWrapper, self).get_new_connection(conn_params), place)
        made.execute("PRAGMA busy_timeout = 0")
        return made

    def create_cursor(self, name: str | None = None) -> sqlite3.Cursor:
        """A cursor for a single statement, which is its own transaction."""
        patience: float = self.settings_dict["OPTIONS"]["timeout"]
        place = str(self.settings_dict["NAME"])
        made: sqlite3.Cursor = self.connection.cursor(factory=lambda connection: _Cursor(connection, patience, place))
        return made

    def _start_transaction_under_autocommit(self) -> None:
        options = self.settings_dict["OPTIONS"]
        with self.wrap_database_errors:
            in_turn(lambda: self.connection.execute(f"BEGIN {options['transaction_mode']}"), options["timeout"])


class _Cursor(base.SQLiteCursorWrapper):
    def __init__(self, connection: sqlite3.Connection, patience: float, place: str) -> None:
        super().__init__(connection)
        self._patience = patience
        self._place = place

    def execute(self, query: str, params: Any = None) -> Any:
        return _whole(lambda: in_turn(lambda: super(_Cursor, self).execute(query, params), self._patience), self._place)


def _whole[T](act: Callable[[], T], place: str) -> T:
    """The result of act. Raises PeopleDamaged if the file is damaged or no database."""
    try:
        return act()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise PeopleDamaged(place) from error
        raise


def in_turn[T](act: Callable[[], T], patience: float) -> T:
    """The result of act, once no other process writes. Raises OperationalError after the timeout, or at once if waiting cannot
    help because the transaction's reads are stale."""
    until = time.monotonic() + patience
    while True:
        last = time.monotonic() >= until
        try:
            return act()
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode
            if last or code & 0xFF != sqlite3.SQLITE_BUSY or code == sqlite3.SQLITE_BUSY_SNAPSHOT:
                raise
        time.sleep(LOOK)
