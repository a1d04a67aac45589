"""Permit: the only value that opens content. The guard makes it after the audit entry is written.

It says who, in which role, why, and it exists only after its entry was written.
"""

from __future__ import annotations

from dataclasses import dataclass

_MADE_BY_GUARD = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """Made by access.guard alone. entry: where its ledger entry stands, "journal:number", empty for one's own mail. at: ms since
    1970; mandate: the number of the one under which this is."""

    person: str
    role: str
    reason: str
    at: int
    entry: str
    mandate: str = ""
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _MADE_BY_GUARD:
            raise TypeError("A permit is made by access.guard, after its entry was written.")
