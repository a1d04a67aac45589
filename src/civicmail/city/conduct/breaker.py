"""The circuit breaker: silence never shuts out a whole department, nor anybody behind an essential mailbox (R11). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST = 0.10
"""The share of a department's people with access that silence may suspend."""


@dataclass(frozen=True, slots=True)
class Shutting:
    """A row that silence would suspend: whose, in which department, and whether an essential mailbox is behind it."""

    row: int
    person: int
    department: str
    essential: bool = False


def tripped(rows: Iterable[Shutting], people: Mapping[str, int]) -> dict[str, str]:
    """Departments in which silence is stopped, each with the reason in words. people: how many have access there now, in all."""
    whom: dict[str, set[int]] = {}
    essential: dict[str, int] = {}
    for row in rows:
        whom.setdefault(row.department, set()).add(row.person)
        essential[row.department] = essential.get(row.department, 0) + row.essential
    reasons = {}
    for department, persons in whom.items():
        total = people.get(department, 0)
        if essential[department]:
            reasons[department] = "an essential mailbox is among them"
        elif len(persons) > MOST * total:
            reasons[department] = f"{len(persons)} of {total} people with access are more than {MOST:.0%}"
    return reasons
