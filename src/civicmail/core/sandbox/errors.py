"""Reasons why a file could not be read.

CivicmailError
└── Unreadable    a file, or a member of one, gave no text or not all of it; the message is the reason
    └── Spent     the budget of the whole file is used up, so nothing more of it is read

The reasons are the fixed words below: they stand in the cache, in `show` and in tests.
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError

ENCRYPTED = "encrypted"
DAMAGED = "damaged"
ENTITIES = "declares entities, which are not read"
TYPE_UNKNOWN = "of a type that is not read"
TOO_LONG = "takes too long"
TOO_LARGE = "expands too far"
TOO_DEEP = "nested too deep"
TOO_MANY = "has too many members"
TOO_MUCH_MEMORY = "needs too much memory"
CRASHED = "the reader crashed"
BUSY = "too much is being read at this moment"


class Unreadable(CivicmailError):
    """why: one of the reasons above."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Spent(Unreadable):
    """Time, space or members of the whole file are used up."""
