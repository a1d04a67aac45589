"""Check the types of an expression against the table of facts, so that errors appear when a rule is written, never when mail
arrives."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

import re2

from civicmail.city.policy.cel.tree import Call, Chain, Compare, Each, Name, Node, Not, Value, Values
from civicmail.city.policy.errors import BadExpression

Type = Literal["bool", "int", "text", "bools", "ints", "texts"]
_LISTS: dict[str, Type] = {"bool": "bools", "int": "ints", "text": "texts"}
_ITEMS: dict[str, Type] = {"bools": "bool", "ints": "int", "texts": "text"}
_TYPE_LABELS = {
    "bool": "a yes or no",
    "int": "a number",
    "text": "text",
    "bools": "a list of yes and no",
    "ints": "a list of numbers",
    "texts": "a list of texts",
}
ON_TEXT = ("startsWith", "endsWith", "contains", "matches")
MAX_PATTERN_LENGTH = 2_000
MAX_NESTED_EACH = 2
"""Lists within lists: each level multiplies what a message costs."""
_PATTERN_OPTIONS = re2.Options()
_PATTERN_OPTIONS.log_errors = False
_PATTERN_OPTIONS.max_mem = 1 << 20


def compile_pattern(source: str) -> Any:
    """A regular expression of RE2, which takes linear time. Raises re2.error."""
    return re2.compile(source, _PATTERN_OPTIONS)


def check(node: Node, facts: Mapping[str, Type]) -> None:
    """Raise BadExpression if a node has the wrong type for its place, or the expression is not a boolean."""
    result_type = _Checker(facts).type_of(node)
    if result_type != "bool":
        raise BadExpression(f"a condition is a yes or no, and this is {_TYPE_LABELS[result_type]}", node.at)


class _Checker:
    def __init__(self, facts: Mapping[str, Type]) -> None:
        self._facts = facts
        self._variables: dict[str, Type] = {}

    def type_of(self, node: Node) -> Type:
        match node:
            case Value():
                return "bool" if isinstance(node.value, bool) else "int" if isinstance(node.value, int) else "text"
            case Name():
                return self._fact(node)
            case Values():
                return self._list(node)
            case Not():
                return self._expect_type(node.inner, "bool", "after !")
            case Chain():
                for item in node.items:
                    self._expect_type(item, "bool", f"beside {node.sign}")
                return "bool"
            case Compare():
                return self._compared(node)
            case Each():
                return self._each(node)
            case Call():
                return self._called(node)

    def _expect_type(self, node: Node, expected: Type, where: str) -> Type:
        actual = self.type_of(node)
        if actual != expected:
            raise BadExpression(f"{_TYPE_LABELS[expected]} is wanted {where}, and this is {_TYPE_LABELS[actual]}", node.at)
        return actual

    def _fact(self, node: Name) -> Type:
        if node.name in self._variables:
            return self._variables[node.name]
        if node.name in self._facts:
            return self._facts[node.name]
        close = get_close_matches(node.name, [*self._facts, *self._variables], 1, 0.5)
        nearest = f"; the nearest is {close[0]}" if close else ""
        raise BadExpression(f"there is no fact {node.name}{nearest}", node.at)

    def _list(self, node: Values) -> Type:
        if not node.items:
            raise BadExpression("an empty list is of no use; size(x) == 0 asks whether one is empty", node.at)
        first = self.type_of(node.items[0])
        if first not in _LISTS:
            raise BadExpression("a list holds texts or numbers, no lists", node.at)
        for item in node.items[1:]:
            self._expect_type(item, first, "in this list")
        return _LISTS[first]

    def _compared(self, node: Compare) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if node.sign == "in":
            if right not in _ITEMS:
                raise BadExpression(f"behind `in` stands a list, and this is {_TYPE_LABELS[right]}", node.right.at)
            if left != _ITEMS[right]:
                raise BadExpression(f"{_TYPE_LABELS[left]} is never in {_TYPE_LABELS[right]}", node.left.at)
            return "bool"
        if left != right:
            raise BadExpression(
                f"{_TYPE_LABELS[left]} and {_TYPE_LABELS[right]} do not go together with {node.sign}", node.right.at
            )
        allowed = {"+": ("text",), "==": tuple(_TYPE_LABELS), "!=": tuple(_TYPE_LABELS)}.get(node.sign, ("int", "text"))
        if left not in allowed:
            raise BadExpression(f"{node.sign} does not go with {_TYPE_LABELS[left]}", node.at)
        return "text" if node.sign == "+" else "bool"

    def _each(self, node: Each) -> Type:
        many = self.type_of(node.target)
        if many not in _ITEMS:
            raise BadExpression(f".{node.name} goes with a list, and this is {_TYPE_LABELS[many]}", node.target.at)
        if node.variable in self._variables or any(name.split(".")[0] == node.variable for name in self._facts):
            raise BadExpression(f"{node.variable} means something already", node.at)
        if len(self._variables) == MAX_NESTED_EACH:
            raise BadExpression(f"at most {MAX_NESTED_EACH} of .exists and .all stand in one another", node.at)
        self._variables[node.variable] = _ITEMS[many]
        self._expect_type(node.inner, "bool", f"in .{node.name}")
        del self._variables[node.variable]
        return "bool"

    def _called(self, node: Call) -> Type:
        if node.name == "size" and node.target is None and len(node.arguments) == 1:
            argument_type = self.type_of(node.arguments[0])
            if argument_type not in ("text", *_ITEMS):
                raise BadExpression(
                    f"size goes with text or a list, and this is {_TYPE_LABELS[argument_type]}", node.arguments[0].at
                )
            return "int"
        if node.name not in ON_TEXT or node.target is None:
            close = get_close_matches(node.name, [*ON_TEXT, "size", "exists", "all"], 1, 0.6)
            written = f"; the nearest is {'size(x)' if close[0] == 'size' else f'x.{close[0]}()'}" if close else ""
            raise BadExpression(f"there is no function {node.name} of this kind{written}", node.at)
        self._expect_type(node.target, "text", f"before .{node.name}")
        if len(node.arguments) != 1:
            raise BadExpression(f".{node.name} has one text in its parentheses", node.at)
        self._expect_type(node.arguments[0], "text", f"in .{node.name}")
        if node.name == "matches":
            self._pattern(node.arguments[0])
        return "bool"

    def _pattern(self, node: Node) -> None:
        if not isinstance(node, Value) or not isinstance(node.value, str):
            raise BadExpression("a pattern is written out, so that it is compiled once", node.at)
        if len(node.value) > MAX_PATTERN_LENGTH:
            raise BadExpression(f"a pattern has at most {MAX_PATTERN_LENGTH} characters", node.at)
        try:
            compile_pattern(node.value)
        except re2.error as error:
            message = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
            raise BadExpression(f"the pattern is none: {message}", node.at) from None
