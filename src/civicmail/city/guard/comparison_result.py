"""Result of the last comparison of the audit log with the journals: `compared.json` in the data folder.

Without Django. Control over the database is not enough to forge a good result; doctor, health and the page of entries read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from civicmail.core.disk.files import OS_FILES, Files

NAME = "compared.json"
RECORDED = "compared.sqlite3"
"""What journals and segments have (core/ledger/recorded_entries.py)."""
FILES = frozenset({NAME, RECORDED, f"{RECORDED}-wal", f"{RECORDED}-shm"})
"""Made anew by whoever compares; in no copy."""
MAX_LISTED = 1_000
"""Differences that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """kind: removed, altered, unrecorded or unprotected; text: one sentence, without a word of mail; uuid: of the entry, 32
    hexadecimal digits; row: its id in the table, 0 where it has none; journal, number: where the record is."""

    kind: str
    text: str
    uuid: str = ""
    row: int = 0
    journal: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """at: ms; entries: how many were compared; differences: at most MOST of count."""

    at: int
    entries: int
    count: int
    differences: tuple[Difference, ...]


def save(data: Path, at: int, entries: int, differences: Sequence[Difference], files: Files = OS_FILES) -> None:
    """Keep the outcome."""
    plain = {
        "v": 1,
        "at": at,
        "entries": entries,
        "count": len(differences),
        "differences": [asdict(d) for d in differences[:MAX_LISTED]],
    }
    files.replace(data / NAME, orjson.dumps(plain))


def read(data: Path | None) -> ComparisonResult | None:
    """The last one; None where there was none, or where it cannot be read."""
    try:
        plain = orjson.loads((data / NAME).read_bytes()) if data is not None else None
        if plain is None or plain["v"] != 1:
            return None
        return ComparisonResult(plain["at"], plain["entries"], plain["count"], tuple(Difference(**d) for d in plain["differences"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
