"""Hits of each rule from the records of mail: rule, day and copies, never a word of mail or an address. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

HOW = ("enforce", "notify", "shadow")
Day = Callable[[int], date]
"""The day of a moment (ms) in the city's time zone."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of held copies by a person. to: indices of recipients."""

    capture: bytes
    to: tuple[int, ...]
    actor: str
    at: int


@dataclass(slots=True)
class Heard:
    """Data read since the last write. copies: (rule, day, how) -> number of copies."""

    day: Day
    copies: Counter[tuple[str, date, str]] = field(default_factory=Counter)
    releases: list[Release] = field(default_factory=list)

    def receipt(self, head: dict[str, Any]) -> None:
        day = self.day(head["received"])
        for disposition in head["dispositions"]:
            self._count(disposition["rules"], day, 1)

    def decided(self, head: dict[str, Any]) -> None:
        """Note a decision on pending copies that were screened again."""
        self._count(head["facts"].get("rules", ()), self.day(head["at"]), len(head["to"]))

    def released(self, head: dict[str, Any], capture: bytes) -> None:
        self.releases.append(Release(capture, tuple(head["to"]), str(head["facts"].get("actor", "")), head["at"]))

    def clear(self) -> None:
        self.copies.clear()
        self.releases.clear()

    def _count(self, rules: Iterable[str], day: date, copies: int) -> None:
        for rule in rules:
            if (named := read(rule)) is not None:
                self.copies[named[0], day, named[1]] += copies


def read(rule: str) -> tuple[str, str] | None:
    """Its name and how it acted, as a decision names it; None for what is no rule of the book: a forecast, a part that was away."""
    how, colon, name = rule.partition(":")
    if not colon:
        return rule, "enforce"
    return (name, how) if how in HOW else None
