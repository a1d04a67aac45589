"""Errors of queries.

UsageError
└── QueryError    the words are no valid query, or exceed the limits of an index
"""

from __future__ import annotations

from civicmail.core.config.errors import UsageError


class QueryError(UsageError):
    """A query that cannot be read. position: character offset from 0; hint: a valid word or spelling to offer, or ""."""

    def __init__(self, position: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[QueryError], tuple[int, str, str]]:
        """From one process to another."""
        return type(self), (self.position, self.message, self.hint)
