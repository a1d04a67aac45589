"""What would happen if a part failed now: plain mail in each direction, decided with the part away. Pure.

This proves what rules and matrix say; that the real part, when it is stopped, is noticed as away is proven with real parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from civicmail.city.policy.engine import decide
from civicmail.city.policy.matrix import DIRECTIONS, POLICY, Cell, Direction
from civicmail.city.policy.rules import Book, Decision
from civicmail.city.policy.shapes import FactValue

_PLAIN: Final[Mapping[Direction, tuple[dict[str, FactValue], dict[str, FactValue]]]] = {
    "inbound": ({"source": "mx", "inbound": True, "sender.domain": "neighbour.example"}, {"recipient.inside": True}),
    "internal": ({"source": "submission", "sender.kind": "employee"}, {"recipient.inside": True}),
    "outbound": ({"source": "submission", "sender.kind": "employee"}, {"outbound": True}),
}
"""Facts of an ordinary message and its recipient."""


@dataclass(frozen=True, slots=True)
class Step:
    """One direction. cell: what the matrix says; decision: what is decided of plain mail; wanted: whether a rule that is enforced
    needs the part for it; rules: those that do."""

    direction: Direction
    cell: Cell
    decision: Decision
    wanted: bool
    rules: tuple[str, ...]


def drill(book: Book, part: str, now: int) -> tuple[Step, ...]:
    """The three directions of the matrix. part: of matrix.PARTS; now: ms."""
    return tuple(_step(book, part, way, now) for way in DIRECTIONS)


def _step(book: Book, part: str, way: Direction, now: int) -> Step:
    message, recipient = _PLAIN[way]
    if part == POLICY:
        book = Book(book.rules, book.matrix, book.version, book.title, trouble="a drill")
    (decision,) = decide(book, message | {"unavailable": (part,)}, [recipient], now)
    return Step(way, book.matrix.cell(part, way), decision, part in decision.parts, _asking(book, part, way, now))


def _asking(book: Book, part: str, way: Direction, now: int) -> tuple[str, ...]:
    """The enforced rules that cannot answer without the part."""
    message, recipient = _PLAIN[way]
    return tuple(
        rule.id
        for rule in book.rules
        if part in decide(Book((rule,), book.matrix), message | {"unavailable": (part,)}, [recipient], now)[0].parts
    )
