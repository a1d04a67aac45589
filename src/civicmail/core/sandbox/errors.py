"""Reasons why a sandboxed process could not read a file, beside those of the file itself (core/archives/errors.py)."""

from __future__ import annotations

from civicmail.core.archives.errors import (
    DAMAGED,
    ENCRYPTED,
    ENTITIES,
    TOO_DEEP,
    TOO_LARGE,
    TOO_LONG,
    TOO_MANY,
    TOO_MUCH_MEMORY,
    TYPE_UNKNOWN,
    Spent,
    Unreadable,
)

__all__ = [
    "BUSY",
    "CRASHED",
    "DAMAGED",
    "ENCRYPTED",
    "ENTITIES",
    "READER_REASONS",
    "TOO_DEEP",
    "TOO_LARGE",
    "TOO_LONG",
    "TOO_MANY",
    "TOO_MUCH_MEMORY",
    "TYPE_UNKNOWN",
    "Spent",
    "Unreadable",
]

CRASHED = "the reader crashed"
BUSY = "too much is being read at this moment"
READER_REASONS = frozenset({ENCRYPTED, DAMAGED, ENTITIES, TYPE_UNKNOWN, TOO_LONG, TOO_LARGE, TOO_DEEP, TOO_MANY, TOO_MUCH_MEMORY})
"""Reasons that a reader may give; the others are detected by its parent."""
