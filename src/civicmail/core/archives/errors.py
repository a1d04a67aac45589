"""Reasons why a file could not be read.

CivicmailError
└── Unreadable    a file, or a member of one, cannot be read, or not all of it; the message is the reason
    └── Spent     the budget of the whole file is exhausted, so reading stops

The reasons are the fixed words below, which occur in the cache, in `show` and in tests.
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


class Unreadable(CivicmailError):
    """why: one of the reasons above, or of core/sandbox/errors.py."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Spent(Unreadable):
    """Time, space or members of the whole file are used up."""
