"""Compile a tree to a Python function, once for each rule.

A scope has a value for each fact, or `Unknown` if its check was unavailable. Then CEL's rule for errors applies: false && x is
false and true || x is true whatever x is, on both sides; else the result is unknown, with the unavailable parts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from civicmail.city.policy.cel.tree import Call, Chain, Compare, Each, Name, Node, Not, Value, Values
from civicmail.city.policy.cel.type_checker import compile_pattern


@dataclass(frozen=True, slots=True)
class Unknown:
    """The value of an unknown fact in a scope. part: the unavailable check."""

    part: str


class UnknownResult(Exception):
    """The third answer of a condition. parts: those that the answer hangs on."""

    def __init__(self, parts: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(parts)))
        self.parts = parts


Scope = dict[str, Any]
"""Fact to value or Unknown; variables of `exists` and `all` for as long as they hold."""
Evaluator = Callable[[Scope], Any]

_COMPARES: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
}
_ON_TEXT: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}


def compile_node(node: Node) -> Evaluator:
    """The function of a checked tree."""
    match node:
        case Value():
            value = node.value
            return lambda _scope: value
        case Name():
            return _fact(node.name)
        case Values():
            return _list([compile_node(item) for item in node.items])
        case Not():
            inner = compile_node(node.inner)
            return lambda scope: not inner(scope)
        case Chain():
            return _chain([compile_node(item) for item in node.items], node.sign == "||")
        case Compare():
            return _compared(node)
        case Each():
            return _each(compile_node(node.target), node.variable, compile_node(node.inner), node.name == "exists")
        case Call():
            return _called(node)


def _fact(name: str) -> Evaluator:
    def fact(scope: Scope) -> Any:
        value = scope[name]
        if value.__class__ is Unknown:
            raise UnknownResult(frozenset((value.part,)))
        return value

    return fact


def _list(items: list[Evaluator]) -> Evaluator:
    def values(scope: Scope) -> Any:
        return tuple(item(scope) for item in items)

    return values


def _chain(items: list[Evaluator], settles: bool) -> Evaluator:
    """settles: the answer of one that is the answer of all."""

    def chain(scope: Scope) -> bool:
        parts: frozenset[str] = frozenset()
        for item in items:
            try:
                if bool(item(scope)) is settles:
                    return settles
            except UnknownResult as unknown:
                parts |= unknown.parts
        if parts:
            raise UnknownResult(parts)
        return not settles

    return chain


def _each(target: Evaluator, variable: str, inner: Evaluator, settles: bool) -> Evaluator:
    def each(scope: Scope) -> bool:
        parts: frozenset[str] = frozenset()
        for value in target(scope):
            scope[variable] = value
            try:
                if bool(inner(scope)) is settles:
                    return settles
            except UnknownResult as unknown:
                parts |= unknown.parts
            finally:
                del scope[variable]
        if parts:
            raise UnknownResult(parts)
        return not settles

    return each


def _compared(node: Compare) -> Evaluator:
    left, right = compile_node(node.left), compile_node(node.right)
    if node.sign == "in":
        if isinstance(node.right, Values) and all(isinstance(item, Value) for item in node.right.items):
            known = frozenset(item.value for item in node.right.items if isinstance(item, Value))
            return lambda scope: left(scope) in known
        return lambda scope: left(scope) in right(scope)
    compare = _COMPARES[node.sign]
    return lambda scope: compare(left(scope), right(scope))


def _called(node: Call) -> Evaluator:
    argument = compile_node(node.arguments[0])
    if node.target is None:
        return lambda scope: len(argument(scope))
    target = compile_node(node.target)
    if node.name == "matches" and isinstance(node.arguments[0], Value):
        search = compile_pattern(str(node.arguments[0].value)).search
        return lambda scope: search(target(scope)) is not None
    ask = _ON_TEXT[node.name]
    return lambda scope: ask(target(scope), argument(scope))
