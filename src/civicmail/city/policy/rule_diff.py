"""Differences between two rule sets, field by field. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from civicmail.city.policy.failure_policy import DIRECTIONS, PARTS
from civicmail.city.policy.rules import Rule, RuleSet

FIELDS: Final = (
    *("mode", "do", "when", "unless", "clause", "severity", "expires", "owner", "why", "sender", "reader", "ask", "mark", "review"),
)
"""What is compared of a rule, in the order in which it matters."""


@dataclass(frozen=True, slots=True)
class Change:
    """what: "rule" or "matrix"; name: of the rule, or part and direction; field: "" if a whole rule was added or removed; old, new:
    "" for none."""

    what: str
    name: str
    field: str
    old: str
    new: str


def changes(old: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """From one book to another."""
    return (*_rules(old, new), *_cells(old, new))


def _rules(old: RuleSet, new: RuleSet) -> Iterator[Change]:
    before, after = ({rule.id: rule for rule in book.rules} for book in (old, new))
    for id_ in sorted(before.keys() | after.keys()):
        if id_ not in after:
            yield Change("rule", id_, "", _summary(before[id_]), "")
        elif id_ not in before:
            yield Change("rule", id_, "", "", _summary(after[id_]))
        else:
            yield from _fields(before[id_], after[id_])


def _fields(old: Rule, new: Rule) -> Iterator[Change]:
    for field in FIELDS:
        old_value, new_value = str(getattr(old, field)), str(getattr(new, field))
        if old_value != new_value:
            yield Change("rule", new.id, field, old_value, new_value)


def _cells(old: RuleSet, new: RuleSet) -> Iterator[Change]:
    for part in PARTS:
        for direction in DIRECTIONS:
            old_cell, new_cell = old.matrix.cell(part, direction), new.matrix.cell(part, direction)
            if old_cell != new_cell:
                yield Change("matrix", f"{part}, {direction}", "cell", old_cell, new_cell)


def _summary(rule: Rule) -> str:
    return f"{rule.mode} {rule.do} ({rule.clause}): {rule.when}{f' unless {rule.unless}' if rule.unless else ''}"
