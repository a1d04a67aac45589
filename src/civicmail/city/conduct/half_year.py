"""Half-years, the periods of department statements (P-28). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"(\d{4})-([12])")


@dataclass(frozen=True, slots=True, order=True)
class Half:
    """number: 1 from January to June, 2 from July to December. Written 2026-1."""

    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, 1 if self.number == 1 else 7, 1)

    @property
    def last(self) -> date:
        return self.after().first - timedelta(days=1)

    @property
    def in_words(self) -> str:
        return f"{'January to June' if self.number == 1 else 'July to December'} {self.year}"

    def after(self) -> Half:
        return Half(self.year, 2) if self.number == 1 else Half(self.year + 1, 1)

    def before(self) -> Half:
        return Half(self.year - 1, 2) if self.number == 1 else Half(self.year, 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.number}"


def of(day: date) -> Half:
    """The half-year of a day."""
    return Half(day.year, 1 if day.month <= 6 else 2)


def parse(written: str) -> Half | None:
    """The half that is written like 2026-1; None for anything else."""
    match = _WRITTEN.fullmatch(written)
    return Half(int(match[1]), int(match[2])) if match and 1900 <= int(match[1]) <= 2199 else None
