"""The metadata of all exports of an import as a table on disk, because an export may have millions of messages."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from civicmail.mail.importers.vault.metadata import Entry

_TABLE = """
create table entry (id integer primary key, source integer, mark text, gmail text, message_id text, account text, labels text,
                    subject text, met integer not null default 0);
"""
_INDEXES = """
create index by_mark on entry (source, mark, met, id);
create index by_gmail on entry (source, gmail, met, id);
create index by_message_id on entry (source, message_id, met, id);
"""
_BY_MARK = "select * from entry where source = ? and mark = ? order by met, id limit 1"
_BY_GMAIL = "select * from entry where source = ? and gmail = ? order by met, id limit 1"
_BY_MESSAGE_ID = """
select * from entry where source = ? and message_id = ? and (account = '' or ? in ('', account)) order by met, id limit 1
"""


class Row(NamedTuple):
    """An entry that is in the table. source: which file of metadata it is from."""

    id: int
    source: int
    mark: str
    gmail: str
    message_id: str
    account: str
    labels: str
    subject: str
    met: int


class Table:
    """Filled by add(), then queried; close() deletes the file."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="civicmail-import-")
        self._file = sqlite3.connect(os.path.join(self._folder.name, "metadata"), isolation_level=None)  # noqa: PTH118 - as in the walk
        self._file.executescript("pragma journal_mode = off; pragma synchronous = off;" + _TABLE)

    def add(self, source: int, entries: Iterable[Entry]) -> None:
        """Add every entry of one metadata file."""
        self._file.execute("begin")
        self._file.executemany(
            "insert into entry (source, mark, gmail, message_id, account, labels, subject) values (?, ?, ?, ?, ?, ?, ?)",
            ((source, *entry) for entry in entries),
        )
        self._file.execute("commit")

    def filled(self) -> None:
        """Call once between the last add() and the first question."""
        self._file.executescript(_INDEXES)
        self._file.execute("begin")

    def count(self, source: int) -> int:
        (number,) = self._file.execute("select count(*) from entry where source = ?", (source,)).fetchone()
        return int(number)

    def match(self, source: int, marks: Iterable[str], message_id: str, account: str) -> Row | None:
        """The entry of a message: by the start of its From_ line, which contains a number of the message, else by its Message-ID.
        Of several entries with that Message-ID, one of this account (any account if that is unknown) that no message has matched
        yet."""
        for mark in dict.fromkeys(mark for mark in marks if mark):
            for question in (_BY_MARK, _BY_GMAIL):
                if row := self._first(question, source, mark):
                    return row
        return self._first(_BY_MESSAGE_ID, source, message_id, account) if message_id else None

    def meet(self, row: Row) -> None:
        """Remember that the message of this entry was there."""
        self._file.execute("update entry set met = 1 where id = ?", (row.id,))

    def missing(self, source: int, accounts: Iterable[str] | None) -> Iterator[Row]:
        """Entries that no message has met, of these accounts, or of all."""
        only = None if accounts is None else set(accounts)
        for row in self._file.execute("select * from entry where source = ? and not met order by id", (source,)):
            row_ = Row(*row)
            if only is None or not row_.account or row_.account in only:
                yield row_

    def _first(self, question: str, *values: Any) -> Row | None:
        row = self._file.execute(question, values).fetchone()
        return Row(*row) if row else None

    def close(self) -> None:
        self._file.close()
        self._folder.cleanup()
