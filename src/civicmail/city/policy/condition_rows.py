"""A condition as rows of fact, operator and value, and back: what the form of a rule shows. Pure.

Each type of fact (facts.py) has its operators, written once here: a row becomes an expression by its operator, an expression is
read back by trying them, and the facts of a rule's examples are made by them, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from civicmail.city.policy.cel.condition import read
from civicmail.city.policy.cel.tree import Call, Chain, Compare, Name, Node, Not, Operator, Value, Values, names, to_source, walk
from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.facts import FACTS, Type

Joined = Literal["all", "any"]
Literals = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator of a row. key, label: in the form; type: of its facts; takes: number of values that are typed, 2 for several
    with commas between them; node: name of the fact, values -> expression; fits, spares: values -> a value of the fact that fits,
    and one that does not."""

    key: str
    label: str
    type: Type
    takes: Literal[0, 1, 2]
    node: Callable[[Name, Literals], Node]
    fits: Callable[[list[bool | int | str]], FactValue]
    spares: Callable[[list[bool | int | str]], FactValue]


def _sign(sign: Operator) -> Callable[[Name, Literals], Node]:
    return lambda name, values: Compare(sign, name, values[0], 0)


def _call(function: str) -> Callable[[Name, Literals], Node]:
    return lambda name, values: Call(function, name, (values[0],), 0)


def _size(sign: Operator) -> Callable[[Name, Literals], Node]:
    return lambda name, _: Compare(sign, Call("size", None, (name,), 0), Value(0, 0), 0)


def _blank(sign: Operator) -> Callable[[Name, Literals], Node]:
    return lambda name, _: Compare(sign, name, Value("", 0), 0)


def _has(name: Name, value: Value) -> Node:
    return Compare("in", value, name, 0)


def _any(parts: Iterable[Node]) -> Node:
    items = tuple(parts)
    return Chain("||", items, 0) if len(items) > 1 else items[0]


def _other(values: list[bool | int | str]) -> str:
    """A text that is none of these."""
    return f"{''.join(map(str, values))}-other"


def _int(value: bool | int | str, more: int = 0) -> int:
    return int(value) + more


_ALL: Final = (
    Comparison("yes", "is true", "bool", 0, lambda name, _: name, lambda _: True, lambda _: False),
    Comparison("no", "is not true", "bool", 0, lambda name, _: Not(name, 0), lambda _: False, lambda _: True),
    Comparison("least", "is at least", "int", 1, _sign(">="), lambda v: _int(v[0]), lambda v: _int(v[0], -1)),
    Comparison("more", "is more than", "int", 1, _sign(">"), lambda v: _int(v[0], 1), lambda v: _int(v[0])),
    Comparison("most", "is at most", "int", 1, _sign("<="), lambda v: _int(v[0]), lambda v: _int(v[0], 1)),
    Comparison("equal", "is", "int", 1, _sign("=="), lambda v: _int(v[0]), lambda v: _int(v[0], 1)),
    Comparison("is", "is", "text", 1, _sign("=="), lambda v: str(v[0]), _other),
    Comparison("is-not", "is not", "text", 1, _sign("!="), _other, lambda v: str(v[0])),
    Comparison(
        "one-of", "is one of", "text", 2, lambda name, values: Compare("in", name, Values(tuple(values), 0), 0),
        lambda v: str(v[0]), _other,
    ),
    Comparison("blank", "is empty", "text", 0, _blank("=="), lambda _: "", lambda _: "x"),
    Comparison("filled", "is not empty", "text", 0, _blank("!="), lambda _: "x", lambda _: ""),
    Comparison("contains", "contains", "text", 1, _call("contains"), lambda v: str(v[0]), lambda _: ""),
    Comparison("begins", "begins with", "text", 1, _call("startsWith"), lambda v: str(v[0]), lambda _: ""),
    Comparison("ends", "ends with", "text", 1, _call("endsWith"), lambda v: str(v[0]), lambda _: ""),
    Comparison("has", "has", "texts", 1, lambda name, v: _has(name, v[0]), lambda v: (str(v[0]),), lambda _: ()),
    Comparison("has-not", "has not", "texts", 1, lambda name, v: Not(_has(name, v[0]), 0), lambda _: (), lambda v: (str(v[0]),)),
    Comparison(
        "has-any", "has any of", "texts", 2, lambda name, values: _any(_has(name, value) for value in values),
        lambda v: (str(v[0]),), lambda _: (),
    ),
    Comparison("some", "is not empty", "texts", 0, _size(">"), lambda _: ("x",), lambda _: ()),
    Comparison("none", "is empty", "texts", 0, _size("=="), lambda _: (), lambda _: ("x",)),
)  # fmt: skip
COMPARISONS: Final = {comparison.key: comparison for comparison in _ALL}
_CHAINED: Final[dict[str, Callable[[Name, Literals], Node]]] = {
    "one-of": lambda name, values: _any(Compare("==", name, value, 0) for value in values)
}
"""Other spellings that are read, and written as their operator writes them."""


def comparisons_of(fact: str) -> list[Comparison]:
    """The operators of a fact, the usual one first; of an unknown one none."""
    return [c for c in _ALL if fact in FACTS and c.type == FACTS[fact].type]


@dataclass(frozen=True, slots=True)
class Row:
    """fact: its name; operator: key of COMPARISONS; value: as typed."""

    fact: str
    operator: str
    value: str = ""

    def problem(self) -> str:
        """What is wrong with it, in a sentence; "" for nothing."""
        if self.fact not in FACTS:
            return "Choose a fact."
        comparison = COMPARISONS.get(self.operator)
        if comparison is None or comparison.type != FACTS[self.fact].type:
            return "Choose how it is compared."
        if comparison.takes and not self._words:
            return "Write a value."
        if comparison.type == "int" and not self.value.strip().removeprefix("-").isdecimal():
            return "Write a whole number."
        return ""

    @property
    def comparison(self) -> Comparison:
        return COMPARISONS[self.operator]

    @property
    def values(self) -> list[bool | int | str]:
        """The typed values. Only of a row without a problem."""
        return [int(word) if self.comparison.type == "int" else word for word in self._words] if self.comparison.takes else []

    def node(self) -> Node:
        return self.comparison.node(Name(self.fact, 0), [Value(value, 0) for value in self.values])

    @property
    def _words(self) -> list[str]:
        words = self.value.split(",") if COMPARISONS[self.operator].takes > 1 else [self.value]
        return [word.strip() for word in words if word.strip()]


def to_condition(rows: Sequence[Row], joined: Joined) -> str:
    """The expression of these rows; "" for none."""
    parts = tuple(row.node() for row in rows)
    return to_source(parts[0] if len(parts) == 1 else Chain("&&" if joined == "all" else "||", parts, 0)) if parts else ""


def to_rows(expression: str, *joins: Joined) -> tuple[Joined, list[Row]] | None:
    """The rows of an expression, and how they are joined; None where rows cannot say it. joins: that may be. Raises
    BadExpression."""
    if not expression.strip():
        return joins[0], []
    node = read(expression)
    if (row := _row(node)) is not None:
        return joins[0], [row]
    joined: Joined = "all" if isinstance(node, Chain) and node.sign == "&&" else "any"
    rows = [_row(item) for item in node.items] if isinstance(node, Chain) and joined in joins else [None]
    known = [row for row in rows if row is not None]
    return (joined, known) if len(known) == len(rows) else None


def _row(node: Node) -> Row | None:
    mentioned = names(node)
    if len(mentioned) != 1:
        return None
    name = Name(next(iter(mentioned)), 0)
    literals = sorted((one for one in walk(node) if isinstance(one, Value)), key=lambda one: one.at)
    source = to_source(node)
    for comparison in comparisons_of(name.name):
        values = literals[: {0: 0, 1: 1}.get(comparison.takes, len(literals))]
        spellings = [comparison.node, *([_CHAINED[comparison.key]] if comparison.key in _CHAINED else [])]
        if len(values) < min(comparison.takes, 1) or source not in [to_source(spell(name, values)) for spell in spellings]:
            continue
        row = Row(name.name, comparison.key, ", ".join(str(value.value) for value in values))
        if not row.problem() and row.values == [value.value for value in values]:  # a comma within a value is no separator
            return row
    return None


def example_facts(when: Sequence[Row], joined: Joined, unless: Sequence[Row]) -> tuple[dict[str, FactValue], dict[str, FactValue]]:
    """Facts of a message that fits, and of one that does not."""
    spared = {row.fact: row.comparison.spares(row.values) for row in unless}
    fits, others = dict(spared), dict(spared)
    for row in when if joined == "all" else when[:1]:
        value = row.comparison.fits(row.values)
        before = fits.get(row.fact)
        fits[row.fact] = (*before, *value) if isinstance(before, tuple) and isinstance(value, tuple) else value
    others |= fits if joined == "all" else {}
    for row in when if joined == "any" else when[:1]:
        others[row.fact] = row.comparison.spares(row.values)
    return fits, others
