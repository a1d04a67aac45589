"""What differs between two books: rules that came, went or changed, field by field, and cells of the fail matrix. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from civicmail.city.policy.matrix import DIRECTIONS, PARTS
from civicmail.city.policy.rules import Book, Rule

FIELDS: Final = (
    *("mode", "do", "when", "unless", "clause", "severity", "expires", "owner", "why", "sender", "reader", "ask", "mark", "review"),
)
"""What is compared of a rule, in the order in which it matters."""


@dataclass(frozen=True, slots=True)
class Change:
    """what: "rule" or "matrix"; name: of the rule, or part and direction; field: "" where a whole rule came or went; old, new: ""
    for nothing."""

    what: str
    name: str
    field: str
    old: str
    new: str


def changes(old: Book, new: Book) -> tuple[Change, ...]:
    """From one book to another."""
    return (*_rules(old, new), *_cells(old, new))


def _rules(old: Book, new: Book) -> Iterator[Change]:
    before, after = ({rule.id: rule for rule in book.rules} for book in (old, new))
    for id_ in sorted(before.keys() | after.keys()):
        if id_ not in after:
            yield Change("rule", id_, "", _whole(before[id_]), "")
        elif id_ not in before:
            yield Change("rule", id_, "", "", _whole(after[id_]))
        else:
            yield from _fields(before[id_], after[id_])


def _fields(old: Rule, new: Rule) -> Iterator[Change]:
    for field in FIELDS:
        was, is_ = str(getattr(old, field)), str(getattr(new, field))
        if was != is_:
            yield Change("rule", new.id, field, was, is_)


def _cells(old: Book, new: Book) -> Iterator[Change]:
    for part in PARTS:
        for way in DIRECTIONS:
            was, is_ = old.matrix.cell(part, way), new.matrix.cell(part, way)
            if was != is_:
                yield Change("matrix", f"{part}, {way}", "cell", was, is_)


def _whole(rule: Rule) -> str:
    return f"{rule.mode} {rule.do} ({rule.clause}): {rule.when}{f' unless {rule.unless}' if rule.unless else ''}"
