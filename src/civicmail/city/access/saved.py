"""Where people's side lies when no server keeps it: SQLite writes its file in place, so what belongs into a copy of the
installation is a second one, made whole and renamed into its place every half minute in which something changed.
"""

from __future__ import annotations

DATABASE = "city.sqlite3"
LIVING = frozenset({DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"})
"""Files that are never whole while somebody writes."""

SAVED = "city.saved"
"""The whole one. An installation that is made from a copy begins with it."""
