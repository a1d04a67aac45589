"""The balance of a request: every located item has exactly one disposition (36 CFR 1250.30; §19.35(4)(b), Wis. Stats.)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Balance:
    """Numbers of items."""

    located: int
    released_in_full: int = 0
    redacted: int = 0
    withheld: int = 0
    not_responsive: int = 0
    not_a_record: int = 0
    personal: int = 0
    duplicate: int = 0

    @property
    def disposed(self) -> int:
        """Items with a disposition."""
        return sum(self.dispositions)

    @property
    def dispositions(self) -> tuple[int, ...]:
        released = self.released_in_full, self.redacted
        return *released, self.withheld, self.not_responsive, self.not_a_record, self.personal, self.duplicate

    def problem(self) -> str:
        """A sentence where the numbers do not add up, else ""."""
        if min(self.located, *self.dispositions) < 0:
            return "The balance of items has a number below zero."
        if self.located != self.disposed:
            return f"The items do not balance: {self.located} were located, and {self.disposed} have a disposition."
        return ""
