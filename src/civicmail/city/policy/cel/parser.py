"""Parse tokens to a tree, by the part of CEL's grammar that rules need:

    expression  = or            or   = and { "||" and }         and = relation { "&&" relation }
    relation    = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") sum ]
    sum         = unary { "+" unary }                           unary = "!" unary | "-" int | member
    member      = primary { "." name "(" arguments ")" }
    primary     = literal | "(" expression ")" | "[" list "]" | name { "." name } | "size" "(" expression ")"

A chain of comparisons (a < b < c) is an error, because its meaning in CEL is never intended.
"""

from __future__ import annotations

from typing import Literal, cast

from civicmail.city.policy.cel.lexer import Token, tokenize
from civicmail.city.policy.cel.tree import Call, Chain, Compare, Each, Name, Node, Not, Operator, Value, Values
from civicmail.city.policy.errors import BadExpression

MAX_NODES = 4_000
MAX_DEPTH = 24
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_RESERVED = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "var",
        "void",
        "while",
    )
)
"""Words that CEL keeps for itself."""


def parse(source: str) -> Node:
    """The tree of an expression. Raises BadExpression."""
    parser = _Parser(tokenize(source))
    node = parser.either()
    parser.ended()
    return node


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._next = 0
        self._nodes = 0
        self._depth = 0

    def ended(self) -> None:
        if self._here.kind != "end":
            raise BadExpression(f"{self._here.value!r} is too much here", self._here.at)

    def either(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadExpression(f"it is nested deeper than {MAX_DEPTH}", self._here.at)
        node = self._chain("||")
        self._depth -= 1
        return node

    @property
    def _here(self) -> Token:
        return self._words[self._next]

    def _is(self, *signs: str) -> bool:
        return self._here.kind in ("sign", "name") and self._here.value in signs

    def _take(self) -> Token:
        word = self._here
        self._next += 1
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadExpression(f"it has more than {MAX_NODES} words", word.at)
        return word

    def _expect(self, sign: str) -> None:
        if self._here.kind != "sign" or self._here.value != sign:
            actual = repr(self._here.value) if self._here.kind != "end" else "the end"
            raise BadExpression(f"{sign!r} is expected and not {actual}", self._here.at)
        self._take()

    def _chain(self, sign: Literal["&&", "||"]) -> Node:
        at = self._here.at
        items = [self._part(sign)]
        while self._is(sign):
            self._take()
            items.append(self._part(sign))
        return Chain(sign, tuple(items), at) if len(items) > 1 else items[0]

    def _part(self, sign: Literal["&&", "||"]) -> Node:
        return self._chain("&&") if sign == "||" else self._relation()

    def _relation(self) -> Node:
        at = self._here.at
        left = self._sum()
        if not self._is(*_RELATIONS):
            return left
        sign = cast(Operator, self._take().value)
        right = self._sum()
        if self._is(*_RELATIONS):
            raise BadExpression("one comparison cannot follow another; put one of them into parentheses", self._here.at)
        return Compare(sign, left, right, at)

    def _sum(self) -> Node:
        at = self._here.at
        left = self._unary()
        for _ in range(MAX_DEPTH):
            if not self._is("+"):
                return left
            self._take()
            left = Compare("+", left, self._unary(), at)
        raise BadExpression(f"more than {MAX_DEPTH} texts are put together", at)

    def _unary(self) -> Node:
        at, negations = self._here.at, 0
        while self._is("!"):
            self._take()
            negations += 1
            if negations > MAX_DEPTH:
                raise BadExpression(f"it is nested deeper than {MAX_DEPTH}", at)
        if self._is("-"):
            self._take()
            if self._here.kind != "int":
                raise BadExpression("a minus stands in front of a number only", at)
            node: Node = Value(-int(self._take().value), at)
        else:
            node = self._member()
        for _ in range(negations):
            node = Not(node, at)
        return node

    def _member(self) -> Node:
        node = self._primary()
        for _ in range(MAX_DEPTH):
            if not self._is("."):
                return node
            self._take()
            word = self._name()
            if not self._is("("):
                raise BadExpression(f"nothing is called .{word.value} here; a function has parentheses", word.at)
            node = self._called(node, word)
        raise BadExpression(f"it is nested deeper than {MAX_DEPTH}", self._here.at)

    def _called(self, target: Node, word: Token) -> Node:
        self._expect("(")
        if word.value in ("exists", "all"):
            variable = self._name()
            self._expect(",")
            inner = self.either()
            self._expect(")")
            return Each(cast(Literal["exists", "all"], word.value), target, str(variable.value), inner, word.at)
        return Call(str(word.value), target, self._list(")"), word.at)

    def _primary(self) -> Node:
        word = self._take()
        if word.kind in ("int", "text"):
            return Value(word.value, word.at)
        if word.kind == "name":
            return self._named(word)
        if word.kind == "sign" and word.value == "(":
            node = self.either()
            self._expect(")")
            return node
        if word.kind == "sign" and word.value == "[":
            return Values(self._list("]"), word.at)
        raise BadExpression("it ends too early" if word.kind == "end" else f"{word.value!r} cannot stand here", word.at)

    def _named(self, word: Token) -> Node:
        if word.value in ("true", "false"):
            return Value(word.value == "true", word.at)
        if word.value in _RESERVED:
            raise BadExpression(f"{word.value!r} cannot stand here", word.at)
        if self._is("("):
            self._take()
            return Call(str(word.value), None, self._list(")"), word.at)
        name = str(word.value)
        while self._is(".") and self._words[self._next + 1].kind == "name" and not self._is_call(self._next + 2):
            self._take()
            name += f".{self._take().value}"
        return Name(name, word.at)

    def _is_call(self, index: int) -> bool:
        word = self._words[min(index, len(self._words) - 1)]
        return word.kind == "sign" and word.value == "("

    def _name(self) -> Token:
        if self._here.kind != "name":
            raise BadExpression("a name is expected", self._here.at)
        return self._take()

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._is(end):
            if items:
                self._expect(",")
            items.append(self.either())
        self._expect(end)
        return tuple(items)
