"""Backup of the SQLite database: a complete second file, renamed into place after changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from civicmail.core.disk.files import Files

DATABASE = "city.sqlite3"
LIVE_FILES = frozenset({DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"})
"""Files that are never whole while somebody writes."""

BACKUP_NAME = "city.saved"
"""The whole one. An installation that is made from a copy begins with it."""


def write_backup(execute: Callable[[str, list[str]], object], place: Path, files: Files) -> None:
    """Write a complete SQLite database file, durably and readable by the owner only. execute: of a Django cursor."""
    temporary = place.with_name(f".{place.name}")
    files.unlink(temporary)
    execute("VACUUM INTO %s", [str(temporary)])
    move_into_place(temporary, place, files)


def move_into_place(temporary: Path, place: Path, files: Files) -> None:
    """Move a file that another program wrote next to its destination into place, durably and readable by the owner only. Raises
    OSError."""
    temporary.chmod(0o600)
    file = files.open(temporary)
    try:
        file.sync()
    finally:
        file.close()
    files.rename(temporary, place)
    files.sync_folder(place.parent)


def read_error(place: Path) -> str:
    """Why an SQLite file cannot be read, in a few words; empty if it can."""
    try:
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=5)) as file:
            (result,) = file.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if result == "ok" else str(result).partition("\n")[0]
