"""The permit: the only value that opens content. The guard makes it after the audit entry is written.

It contains the person, the role and the reason.
"""

from __future__ import annotations

from dataclasses import dataclass

_MADE_BY_GUARD = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """Made by city/guard/guard.py only. entry: place of its ledger entry, "journal:number", empty for one's own mail. at: ms since
    1970; mandate: the number of its examination."""

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
