"""What became of earlier requests to send files to an address, and one answer of today (P-22). Without Django; the reads are in
queries.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Approval, ApprovalCopy

YEAR = timedelta(days=365)
COUNTED = (
    ("approved", "approved"),
    ("refused", "denied"),
    ("records", "referred"),
    ("withdrawn", "withdrawn"),
    ("expired", "without an answer"),
)
"""States, in the order of the sentence, with their words in it."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Of one address. year: requests of the last year by state, one for each message; last: when the newest of all ended, in the
    time of the city; None if there was none."""

    year: Mapping[str, int] = field(default_factory=dict)
    last: datetime | None = None

    @property
    def count(self) -> int:
        return sum(self.year.values())

    @property
    def sentence(self) -> str:
        if self.last is None:
            return "No files for this address were submitted before."
        last = f"{self.last:%B} {self.last.day}, {self.last.year}"
        if not self.count:
            return f"No files for this address in the last year; before that the last on {last}."
        parts = ", ".join(f"{self.year[state]:,} {word}" for state, word in COUNTED if self.year.get(state))
        messages = "1 message" if self.count == 1 else f"{self.count:,} messages"
        return f"{messages} with files in the last year: {parts}. The last on {last}."


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer about a message: its copies have author, time and state in common."""

    approval: Approval
    copies: list[ApprovalCopy]
