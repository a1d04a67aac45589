"""One condition of a rule: parsed, type-checked and compiled once."""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.city.policy.cel.compiler import Evaluator, compile_node
from civicmail.city.policy.cel.parser import parse
from civicmail.city.policy.cel.tree import Chain, Node, Not, names
from civicmail.city.policy.cel.type_checker import Type, check
from civicmail.city.policy.facts import FACTS

TYPES: dict[str, Type] = {name: fact.type for name, fact in FACTS.items()}
"""By fact."""


@dataclass(frozen=True, slots=True)
class Condition:
    """holds: scope -> bool, raises NotKnown; names: the facts that it mentions; source: as written."""

    source: str
    names: frozenset[str]
    holds: Evaluator = field(repr=False, compare=False)


def read(source: str) -> Node:
    """The checked tree of an expression. Raises BadExpression."""
    node = parse(source)
    check(node, TYPES)
    return node


def condition(when: str, unless: str = "") -> Condition:
    """A condition that holds if `when` does and `unless` does not. Raises BadExpression for the wrong one."""
    node = read(when)
    if unless:
        node = Chain("&&", (node, Not(read(unless), 0)), 0)
    return Condition(f"({when}) && !({unless})" if unless else when, names(node), compile_node(node))
