"""The circuit breaker: non-response never suspends a whole department, nor anybody behind an essential mailbox (R11). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_SHARE = 0.10
"""The share of a department's people with access that non-response may suspend."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A row that non-response would suspend: its person, department, and whether an essential mailbox is behind it."""

    row: int
    person: int
    department: str
    essential: bool = False


def tripped_departments(rows: Iterable[Suspension], people: Mapping[str, int]) -> dict[str, str]:
    """Departments in which suspension stops, each with the reason in words. people: people with access, by department."""
    people_by_department: dict[str, set[int]] = {}
    essential: dict[str, int] = {}
    for row in rows:
        people_by_department.setdefault(row.department, set()).add(row.person)
        essential[row.department] = essential.get(row.department, 0) + row.essential
    reasons = {}
    for department, affected in people_by_department.items():
        total = people.get(department, 0)
        if essential[department]:
            reasons[department] = "an essential mailbox is among them"
        elif len(affected) > MAX_SHARE * total:
            reasons[department] = f"{len(affected)} of {total} people with access are more than {MAX_SHARE:.0%}"
    return reasons
