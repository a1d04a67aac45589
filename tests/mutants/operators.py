"""How a mutant takes a rule out of a function: a small set of operators on its syntax tree.

A place is "civicmail.core.disk.lease:Lease._take": a module, and in it a function, a method, a class or a constant;
"civicmail.city.guard.permissions:PERMISSIONS[approval.answer]" is one entry of a dictionary. What an operator changes is found by
the names that it mentions: functions, methods, fields, constants and strings, separated by spaces. So a mutant stands
whatever locals are called and however the code is laid out.

without   NAMES          each smallest statement, argument, element or operand that mentions them goes
true      NAMES          each smallest condition that mentions them is always true
false     NAMES          … is always false
call      [NAME, EXPR]   each call of NAME is this expression; _1 is its first argument, _it the call itself
value     [NAMES, EXPR]  each smallest value (assigned, returned, passed, iterated) that mentions them is this; _it is the old one
swap      [NAME, NAME]   one name stands in the place of another
constant  [A, B]         one constant stands in the place of another
compare   [OP, OP]       one comparison stands in the place of another; a third text has the names that it mentions
returns   EXPR           the function does nothing but return this
body      STATEMENTS     … nothing but this
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

OPERATORS = ("without", "true", "false", "call", "value", "swap", "constant", "compare", "returns", "body")
_COMPARES = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    "in": ast.In,
    "not in": ast.NotIn,
}
_PLACE = re.compile(r"(\w+(?:\.\w+)*)(?:\[(.+)\])?")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a node stands: in a field of its parent, and there at this index, None where the field is no list."""

    parent: ast.AST
    field: str
    at: int | None

    @property
    def node(self) -> Any:
        held = getattr(self.parent, self.field)
        return held if self.at is None else held[self.at]

    def put(self, *nodes: ast.AST) -> None:
        if self.at is None:
            (one,) = nodes
            setattr(self.parent, self.field, one)
        else:
            getattr(self.parent, self.field)[self.at : self.at + 1] = nodes


def mutate(tree: ast.Module, place: str, operator: str, said: Any) -> None:
    """Take the rule out of this tree. AssertionError says what does not stand there."""
    if operator in ("call", "value", "returns", "body"):
        _require_known(tree, said if isinstance(said, str) else said[1])
    named = _PLACE.fullmatch(place)
    assert named or not place, f"{place} is no place"
    if named and named[2]:
        table, at = _entry(find(tree, named[1]), named[2])
        entry = ast.Expression(table.values[at])
        _operate(entry, operator, said)
        table.values[at] = entry.body
    else:
        _operate(find(tree, place) if place else tree, operator, said)
    ast.fix_missing_locations(tree)


def _operate(target: ast.AST, operator: str, said: Any) -> None:
    names = said if isinstance(said, str) else str(said[0])
    match operator:
        case "without":
            for slot in _smallest(target, names, _is_removable):
                _remove(slot)
        case "true" | "false":
            for slot in _smallest(target, names, _is_condition):
                slot.put(ast.Constant(operator == "true"))
        case "value":
            for slot in _smallest(target, names, _is_value):
                slot.put(_filled(said[1], _it=slot.node))
        case "call":
            _call(target, *said)
        case "swap":
            _swap(target, *said)
        case "constant":
            _constant(target, *said)
        case "compare":
            _compare(target, *said)
        case "returns":
            _body(target, f"return {said}")
        case "body":
            _body(target, said)
        case _:
            raise AssertionError(f"there is no operator {operator}: {', '.join(OPERATORS)}")


def _require_known(tree: ast.Module, text: str) -> None:
    """The new code has no names that the module does not have: a mutant that cannot run shows nothing."""
    used = [node for node in ast.walk(ast.parse(textwrap.dedent(text))) if isinstance(node, ast.Name)]
    own = {node.id for node in used if isinstance(node.ctx, ast.Store)} | {"_it", *(f"_{n}" for n in range(1, 9)), *dir(builtins)}
    unknown = {node.id for node in used} - own - mentioned(tree)
    assert not unknown, f"nothing is called {' or '.join(sorted(unknown))}"


def find(tree: ast.Module, path: str) -> ast.AST:
    """The function, method, class or constant of this name."""
    node: ast.AST = tree
    for part in path.split("."):
        inside = [found for found in _statements(node) if _name(found) == part]
        assert len(inside) == 1, f"{part} stands there {len(inside)} times, not once"
        node = inside[0]
    return node


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """What a module, a class or a function has in it, also behind `if` and `with`, and not what its functions have in them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _statements(child)


def _name(statement: ast.stmt) -> str:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _entry(node: ast.AST, key: str) -> tuple[ast.Dict, int]:
    """The dictionary that has this key, and where."""
    for table in ast.walk(node):
        if isinstance(table, ast.Dict):
            for at, one in enumerate(table.keys):
                if isinstance(one, ast.Constant) and one.value == key:
                    return table, at
    raise AssertionError(f"no dictionary there has {key}")


def slots(node: ast.AST) -> Iterator[Slot]:
    """Every place below, outer ones first."""
    for field, held in ast.iter_fields(node):
        if isinstance(held, list):
            for at, one in enumerate(held):
                if isinstance(one, ast.AST):
                    yield Slot(node, field, at)
                    yield from slots(one)
        elif isinstance(held, ast.AST):
            yield Slot(node, field, None)
            yield from slots(held)


def mentioned(node: ast.AST) -> set[str]:
    """Names, attributes, keywords and strings in a tree."""
    found = set()
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.alias(name=name):
                found.add(name)
            case ast.Constant(value=str(name)):
                found.add(name)
            case ast.Constant(value=bytes(raw)):
                found.add(raw.decode("latin-1"))
            case ast.Constant(value=number):
                found.add(str(number))
    return found


def _is_removable(slot: Slot) -> bool:
    kinds = ("body", "orelse", "finalbody", "args", "keywords", "elts", "ifs", "decorator_list", "items", "handlers")
    whole = isinstance(slot.parent, (ast.BoolOp, ast.Dict)) and slot.field == "values"
    return slot.at is not None and (slot.field in kinds or whole)


def _is_condition(slot: Slot) -> bool:
    if isinstance(slot.node, ast.Compare) or (isinstance(slot.node, ast.UnaryOp) and isinstance(slot.node.op, ast.Not)):
        return True
    inside = isinstance(slot.parent, ast.BoolOp) or (isinstance(slot.parent, ast.UnaryOp) and isinstance(slot.parent.op, ast.Not))
    return isinstance(slot.node, ast.expr) and (inside or slot.field in ("test", "ifs"))


def _is_value(slot: Slot) -> bool:
    if isinstance(slot.parent, ast.Attribute) or not isinstance(slot.node, ast.expr):
        return False
    if isinstance(getattr(slot.node, "ctx", None), ast.Store):
        return False
    return slot.field in (
        "value",
        "values",
        "args",
        "elts",
        "iter",
        "orelse",
        "body",
        "elt",
        "slice",
        "comparators",
        "left",
        "right",
    )


def _smallest(target: ast.AST, names: str, fits: Callable[[Slot], bool]) -> list[Slot]:
    """The places of a kind that mention all of these names and have none in them that does, the last one first."""
    wanted = {names} if names in mentioned(target) else set(names.split(" "))
    found = [slot for slot in slots(target) if fits(slot) and wanted <= _said_at(slot)]
    inner = [slot for slot in found if not any(below.node is not slot.node and _holds(slot.node, below.node) for below in found)]
    assert inner, f"nothing of that kind mentions {' and '.join(sorted(wanted))}"
    return inner[::-1]


def _holds(outer: ast.AST, inner: ast.AST) -> bool:
    return any(node is inner for node in ast.walk(outer))


def _said_at(slot: Slot) -> set[str]:
    """Of an entry of a dictionary what its key mentions, too, and of an argument by name its name."""
    own = mentioned(slot.node)
    if isinstance(slot.parent, ast.keyword) and slot.parent.arg:
        own.add(slot.parent.arg)
    if isinstance(slot.parent, ast.Dict) and slot.field == "values" and (key := slot.parent.keys[slot.at or 0]):
        own |= mentioned(key)
    return own


def _remove(slot: Slot) -> None:
    at = slot.at or 0
    if isinstance(slot.parent, ast.Dict):
        del slot.parent.keys[at], slot.parent.values[at]
        return
    statement = isinstance(slot.node, ast.stmt)
    slot.put()
    if statement and not getattr(slot.parent, slot.field) and slot.field == "body":
        slot.parent.body = [ast.Pass()]  # type: ignore[attr-defined]


def _filled(text: str, **holes: ast.AST) -> ast.expr:
    """This expression, with a copy of what stands for each _name in its place."""

    class Filler(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return copy.deepcopy(holes[node.id]) if node.id in holes else node

    return cast(ast.expr, Filler().visit(ast.parse(text, mode="eval").body))


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _call(target: ast.AST, name: str, text: str) -> None:
    found = [slot for slot in slots(target) if isinstance(slot.node, ast.Call) and _last(slot.node.func) == name]
    assert found, f"nothing there calls {name}"
    for slot in reversed(found):
        call = slot.node
        given = {f"_{n}": one for n, one in enumerate(call.args, 1)}
        slot.put(_filled(text, _it=call, **given))


def _swap(target: ast.AST, old: str, new: str) -> None:
    found = [
        n for n in ast.walk(target) if (isinstance(n, ast.Name) and n.id == old) or (isinstance(n, ast.Attribute) and n.attr == old)
    ]
    assert found, f"nothing there is called {old}"
    for node in found:
        if isinstance(node, ast.Name):
            node.id = new
        else:
            node.attr = new


def _constant(target: ast.AST, old: Any, new: Any) -> None:
    found = [
        n for n in ast.walk(target) if isinstance(n, ast.Constant) and _plain(n.value) == old and type(_plain(n.value)) is type(old)
    ]
    assert found, f"nothing there is {old!r}"
    for node in found:
        node.value = new.encode("latin-1") if isinstance(node.value, bytes) else new


def _plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _compare(target: ast.AST, old: str, new: str, names: str = "") -> None:
    wanted = set(names.split())
    found = [
        (node, at)
        for node in ast.walk(target)
        if isinstance(node, ast.Compare) and wanted <= mentioned(node)
        for at, op in enumerate(node.ops)
        if type(op) is _COMPARES[old]
    ]
    assert len(found) == 1, f"`compare {old}` fits {len(found)} places, not one"
    node, at = found[0]
    node.ops[at] = _COMPARES[new]()


def _body(target: ast.AST, text: str) -> None:
    assert isinstance(target, (ast.FunctionDef, ast.AsyncFunctionDef)), "only a function has a body"
    told = target.body[:1] if ast.get_docstring(target, clean=False) is not None else []
    target.body = [*told, *ast.parse(textwrap.dedent(text)).body]
