"""A tree to a Python function, made once for each rule.

A scope has a value for each fact, or `Unknown` where a check could not find it out. Then CEL's rule for errors holds: false && x is
false and true || x is true whatever x is, on both sides; else the whole is not known, and says for want of which parts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from civicmail.city.policy.cel.checking import pattern
from civicmail.city.policy.cel.tree import Call, Chain, Compare, Each, Name, Node, Not, Value, Values


@dataclass(frozen=True, slots=True)
class Unknown:
    """What stands in a scope in a fact's place. part: the check that could not be made."""

    part: str


class NotKnown(Exception):
    """The third answer of a condition. parts: those that the answer hangs on."""

    def __init__(self, parts: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(parts)))
        self.parts = parts


Scope = dict[str, Any]
"""Fact to value or Unknown; variables of `exists` and `all` for as long as they hold."""
Made = Callable[[Scope], Any]

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


def made(node: Node) -> Made:
    """The function of a checked tree."""
    match node:
        case Value():
            value = node.value
            return lambda _scope: value
        case Name():
            return _fact(node.name)
        case Values():
            return _list([made(item) for item in node.items])
        case Not():
            inner = made(node.inner)
            return lambda scope: not inner(scope)
        case Chain():
            return _chain([made(item) for item in node.items], node.sign == "||")
        case Compare():
            return _compared(node)
        case Each():
            return _each(made(node.target), node.variable, made(node.inner), node.name == "exists")
        case Call():
            return _called(node)


def _fact(name: str) -> Made:
    def fact(scope: Scope) -> Any:
        value = scope[name]
        if value.__class__ is Unknown:
            raise NotKnown(frozenset((value.part,)))
        return value

    return fact


def _list(items: list[Made]) -> Made:
    def values(scope: Scope) -> Any:
        return tuple(item(scope) for item in items)

    return values


def _chain(items: list[Made], settles: bool) -> Made:
    """settles: the answer of one that is the answer of all."""

    def chain(scope: Scope) -> bool:
        parts: frozenset[str] = frozenset()
        for item in items:
            try:
                if bool(item(scope)) is settles:
                    return settles
            except NotKnown as unknown:
                parts |= unknown.parts
        if parts:
            raise NotKnown(parts)
        return not settles

    return chain


def _each(target: Made, variable: str, inner: Made, settles: bool) -> Made:
    def each(scope: Scope) -> bool:
        parts: frozenset[str] = frozenset()
        for value in target(scope):
            scope[variable] = value
            try:
                if bool(inner(scope)) is settles:
                    return settles
            except NotKnown as unknown:
                parts |= unknown.parts
            finally:
                del scope[variable]
        if parts:
            raise NotKnown(parts)
        return not settles

    return each


def _compared(node: Compare) -> Made:
    left, right = made(node.left), made(node.right)
    if node.sign == "in":
        if isinstance(node.right, Values) and all(isinstance(item, Value) for item in node.right.items):
            known = frozenset(item.value for item in node.right.items if isinstance(item, Value))
            return lambda scope: left(scope) in known
        return lambda scope: left(scope) in right(scope)
    compare = _COMPARES[node.sign]
    return lambda scope: compare(left(scope), right(scope))


def _called(node: Call) -> Made:
    argument = made(node.arguments[0])
    if node.target is None:
        return lambda scope: len(argument(scope))
    target = made(node.target)
    if node.name == "matches" and isinstance(node.arguments[0], Value):
        search = pattern(str(node.arguments[0].value)).search
        return lambda scope: search(target(scope)) is not None
    ask = _ON_TEXT[node.name]
    return lambda scope: ask(target(scope), argument(scope))
