"""The tree of an expression. `at` is the offset in it where a node begins; chains of && and || are one node, however long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "+"]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal."""

    value: bool | int | str
    at: int


@dataclass(frozen=True, slots=True)
class Values:
    """A list."""

    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, or the variable of an `exists` or `all` around it."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    inner: Node
    at: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Two or more under one of && and ||."""

    sign: Literal["&&", "||"]
    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    sign: Operator
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """size(x) has one argument and no target; x.contains(y) has a target."""

    name: str
    target: Node | None
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Each:
    """x.exists(v, condition) and x.all(v, condition)."""

    name: Literal["exists", "all"]
    target: Node
    variable: str
    inner: Node
    at: int


Node = Value | Values | Name | Not | Chain | Compare | Call | Each


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below."""
    match node:
        case Values() | Chain():
            return node.items
        case Not():
            return (node.inner,)
        case Compare():
            return (node.left, node.right)
        case Call():
            return (*((node.target,) if node.target is not None else ()), *node.arguments)
        case Each():
            return (node.target, node.inner)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(children(node))


def names(node: Node) -> frozenset[str]:
    """The names that an expression mentions, without variables of its own."""
    own = {n.variable for n in walk(node) if isinstance(n, Each)}
    return frozenset(n.name for n in walk(node) if isinstance(n, Name) and n.name not in own)


def to_source(node: Node) -> str:
    """The expression of a tree, with the parentheses that it needs."""
    match node:
        case Value():
            return _literal(node.value)
        case Values():
            return f"[{', '.join(map(to_source, node.items))}]"
        case Name():
            return node.name
        case Not():
            return f"!{_inside(node.inner)}"
        case Chain():
            return f" {node.sign} ".join(map(_inside, node.items))
        case Compare():
            return f"{_inside(node.left)} {node.sign} {_inside(node.right)}"
        case Each():
            return f"{_inside(node.target)}.{node.name}({node.variable}, {to_source(node.inner)})"
        case Call():
            arguments = ", ".join(map(to_source, node.arguments))
            return f"{node.name}({arguments})" if node.target is None else f"{_inside(node.target)}.{node.name}({arguments})"


def _inside(node: Node) -> str:
    return f"({to_source(node)})" if isinstance(node, Chain | Compare) else to_source(node)


def _literal(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    escaped = "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in value.replace("\\", "\\\\").replace("'", "\\'"))
    return f"'{escaped}'"
