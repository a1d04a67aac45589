"""Problems that verification reports. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Code = Literal[
    "altered",  # a head, body or file is not what was integrated
    "dropped",  # a record that was integrated is not there any more
    "swapped",  # two records are in each other's place
    "invented",  # a record that was never integrated is where only integrated ones can be
    "damaged",  # bytes that were synced cannot be read
    "gap",  # records that the ledger left out
    "rolled back",  # a signed checkpoint covers more, or other, entries than the ledger has
    "forged",  # a checkpoint without a good signature
]


class KeptRecord(NamedTuple):
    """One record at its present place. sealed: in a segment, which only takes integrated records."""

    journal: str
    number: int
    head: bytes
    sealed: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """code and a sentence for a person; journal, number and last where it is about one record or some that follow each other."""

    code: Code
    text: str
    journal: str = ""
    number: int = 0
    last: int = 0

    @property
    def plain(self) -> dict[str, str | int]:
        plain: dict[str, str | int] = {"code": self.code, "text": self.text}
        if self.journal:
            plain |= {"journal": self.journal, "number": self.number, "last": max(self.number, self.last)}
        return plain


@dataclass(slots=True)
class Verdict:
    """records: checked; captures: receipts among them, each counted once; pending: records newer than the ledger, which are no
    problem; entries and checkpoints: of the ledger; disposed: removed records that a certificate names."""

    problems: list[Problem] = field(default_factory=list)
    records: int = 0
    captures: int = 0
    pending: int = 0
    entries: int = 0
    checkpoints: int = 0
    disposed: int = 0


def as_runs(missing: list[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs (first, last), so that a lost file is one sentence and not a million."""
    runs: list[tuple[int, int]] = []
    for n in missing:
        if runs and n == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
    return runs


def records_text(first: int, last: int, journal: str) -> str:
    """The text for a run of records in a sentence."""
    return f"record {first} of journal {journal}" if first == last else f"records {first} to {last} of journal {journal}"
