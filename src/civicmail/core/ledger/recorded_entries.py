"""A database of the audit entries in journals and segments, for comparison with the table of entries (A3).

Made only from the records, and can be deleted at any time. It is separate from the people database, so that changes there do not
affect it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from uuid import UUID

import orjson

from civicmail.core.ledger.heads import ENTRIES, canonical

_TABLES = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS entry (uuid TEXT, journal TEXT, number INTEGER, digest BLOB, at INTEGER, what TEXT,
  PRIMARY KEY (uuid, journal, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (journal TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """An entry according to the records. uuid: 32 hexadecimal digits; places: journal and number of each record of it; digests:
    SHA-256 of each different content; what: act and person, for a sentence; at: ms."""

    uuid: str
    places: tuple[tuple[str, int], ...]
    digests: tuple[bytes, ...]
    at: int
    what: str


class RecordedEntries:
    """The database file, or one in memory (path None). Belongs to one thread. Raises sqlite3.Error."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or "", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")

    def add(self, journal: str, number: int, head: bytes | memoryview) -> None:
        """Add one record; records that are not entries of people are ignored."""
        content = bytes(head)
        if not ENTRIES.matches(content):
            return
        try:
            plain = orjson.loads(content)["facts"]
            uuid = UUID(plain["uuid"]).hex
            what = f"{plain['act']} by {plain['person']}"
            row = (uuid, journal, number, sha256(canonical(plain)).digest(), int(plain["at"]), what)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # an entry of a gateway, or of the owner of the machine
        self._db.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)

    @property
    def places(self) -> dict[str, int]:
        """The positions that note() stored."""
        return dict(self._db.execute("SELECT journal, number FROM place"))

    def note(self, places: Mapping[str, int]) -> None:
        """Store the added entries and the positions."""
        self._db.executemany("INSERT OR REPLACE INTO place VALUES (?, ?)", places.items())
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def __iter__(self) -> Iterator[RecordedEntry]:
        """Each entry, by uuid."""
        rows = self._db.execute("SELECT uuid, journal, number, digest, at, what FROM entry ORDER BY uuid, journal, number")
        for uuid, group in groupby(rows, key=itemgetter(0)):
            same = list(group)
            places = tuple((journal, number) for _, journal, number, *_ in same)
            yield RecordedEntry(uuid, places, tuple(sorted({row[3] for row in same})), same[0][4], same[0][5])

    def close(self) -> None:
        self._db.close()
