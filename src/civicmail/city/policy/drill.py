"""Failure drill: forecast decisions with one part unavailable. Pure.

This tests rules and failure policy; tests with real parts prove that a stopped part is noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.engine import decide
from civicmail.city.policy.failure_policy import DIRECTIONS, POLICY, Cell, Direction
from civicmail.city.policy.rules import Decision, RuleSet

_PLAIN: Final[Mapping[Direction, tuple[dict[str, FactValue], dict[str, FactValue]]]] = {
    "inbound": ({"source": "mx", "inbound": True, "sender.domain": "neighbour.example"}, {"recipient.inside": True}),
    "internal": ({"source": "submission", "sender.kind": "employee"}, {"recipient.inside": True}),
    "outbound": ({"source": "submission", "sender.kind": "employee"}, {"outbound": True}),
}
"""Facts of an ordinary message and its recipient."""


@dataclass(frozen=True, slots=True)
class Step:
    """Forecast for one direction.

    cell: action of the failure policy; decision: for plain mail; is_needed: an enforced rule needs the part; rules: those rules.
    """

    direction: Direction
    cell: Cell
    decision: Decision
    is_needed: bool
    rules: tuple[str, ...]


def drill(book: RuleSet, part: str, now: int) -> tuple[Step, ...]:
    """The three directions of the matrix. part: of matrix.PARTS; now: ms."""
    return tuple(_step(book, part, direction, now) for direction in DIRECTIONS)


def _step(book: RuleSet, part: str, direction: Direction, now: int) -> Step:
    message, recipient = _PLAIN[direction]
    if part == POLICY:
        book = RuleSet(book.rules, book.matrix, book.version, book.title, error="a drill")
    (decision,) = decide(book, message | {"unavailable": (part,)}, [recipient], now)
    return Step(
        direction, book.matrix.cell(part, direction), decision, part in decision.parts, _dependent_rules(book, part, direction, now)
    )


def _dependent_rules(book: RuleSet, part: str, direction: Direction, now: int) -> tuple[str, ...]:
    """The enforced rules that cannot answer without the part."""
    message, recipient = _PLAIN[direction]
    return tuple(
        rule.id
        for rule in book.rules
        if part in decide(RuleSet((rule,), book.matrix), message | {"unavailable": (part,)}, [recipient], now)[0].parts
    )
