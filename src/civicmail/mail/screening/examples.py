"""What the learner was told, message by message, and who may teach how much. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRUSTED = frozenset({"operator"})
"""How a label came that somebody gave by role, for everybody: it is not limited. Readers report and release what is theirs."""
HOW = ("report", "release", "answered", "sent", "operator")
BUDGET = 0.4
"""What one person may teach within BUDGET_DAYS: the sum of steps. One step of s moves the log-odds of no message by more than 5.1 s
(five families, each at most 1, and the bias), so nobody alone moves any by more than 2.04: from good to spam is farther."""
BUDGET_MS = 30 * 86_400_000
MAX_EACH = 300
"""Messages that count of one person within that time."""
CANARY_SHARE = 10
"""Every tenth good message is never learnt: by them a model is judged that somebody may have poisoned."""
CANARIES_EACH = 5
MAX_CANARIES = 500


@dataclass(slots=True)
class Example:
    """key: a capture's id as text, or file:SHA-256; spam: what it was called; by: who said so, how: of HOW; at: ms; odds: before it
    was learnt; others: scores of other programs then; taught: sum of the steps that were made for it; measured: the odds are of a
    model that had been told enough to say anything."""

    key: str
    spam: bool
    by: str
    how: str
    at: int
    odds: float = 0.0
    others: Mapping[str, float] = field(default_factory=dict)
    taught: float = 0.0
    canary: bool = False
    aside: bool = False
    measured: bool = False

    @property
    def is_learnt(self) -> bool:
        """Whether it may be learnt: no canary, and not put aside by a roll-back."""
        return not (self.canary or self.aside)

    def plain(self) -> list[Any]:
        return [
            self.key,
            self.spam,
            self.by,
            self.how,
            self.at,
            self.odds,
            dict(self.others),
            self.taught,
            self.canary,
            self.aside,
            self.measured,
        ]


class Book:
    """All examples, by message and who called it something; the oldest go when there are too many."""

    MOST = 20_000

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], Example] = {}
        self._of: dict[str, list[Example]] = {}
        self._canaries: dict[str, int] = {}

    def add(self, example: Example) -> None:
        """In place of what the same person has called the same message. A good message may become a canary here."""
        self.remove(example.key, example.by)
        if len(self.all) >= self.MOST:
            self.remove(*next(iter(self.all)))
        if not example.canary and not example.aside:
            example.canary = self._is_canary(example)
        self.all[example.key, example.by] = example
        self._of.setdefault(example.by, []).append(example)
        if example.canary:
            self._canaries[example.by] = self._canaries.get(example.by, 0) + 1

    def remove(self, key: str, by: str) -> Example | None:
        example = self.all.pop((key, by), None)
        if example is not None:
            self._of[by].remove(example)
            if not self._of[by]:
                del self._of[by]
            if example.canary:
                self._canaries[by] -= 1
        return example

    def hears(self, example: Example, now: int) -> bool:
        """Whether one more of whoever has called it something counts."""
        examples = self._of.get(example.by, ())
        return example.how in TRUSTED or sum(1 for e in examples if e.how not in TRUSTED and e.at > now - BUDGET_MS) < MAX_EACH

    def left(self, example: Example, now: int) -> float:
        """How much whoever has called it something may still teach."""
        if example.how in TRUSTED:
            return float("inf")
        spent = sum(e.taught for e in self._of[example.by] if e.how not in TRUSTED and e.at > now - BUDGET_MS)
        return BUDGET - spent

    def of_kind(self, *, spam: bool) -> list[Example]:
        """Those that may be learnt."""
        return [e for e in self.all.values() if e.spam == spam and e.is_learnt]

    def canaries(self) -> list[Example]:
        return [e for e in self.all.values() if e.canary]

    def _is_canary(self, example: Example) -> bool:
        if example.spam or zlib.crc32(example.key.encode()) % CANARY_SHARE:
            return False
        each = MAX_CANARIES if example.how in TRUSTED else CANARIES_EACH
        return self._canaries.get(example.by, 0) < each and sum(self._canaries.values()) < MAX_CANARIES
