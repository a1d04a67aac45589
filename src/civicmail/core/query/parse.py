"""Parse a query into a tree.

    query    = or
    or       = and *( "OR" and )
    and      = not *( [ "AND" ] not )
    not      = *( "NOT" / "-" ) primary
    primary  = "(" or ")" / operator value / operator "(" or ")" / value
    value    = words [ "AROUND" number words ]
    words    = phrase / word

AND binds tighter than OR; AND, OR and NOT are words of the language only in capitals.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from civicmail.core.config.sentence import sentence
from civicmail.core.query.errors import QueryError
from civicmail.core.query.lexer import Lexeme, lexemes
from civicmail.core.query.limits import Weight
from civicmail.core.query.operators import OPERATORS, Value, free, near, nearest
from civicmail.core.query.tree import And, Everything, Not, Or, Tree

DEEPEST = 64


def parse(text: str, *, now: datetime, accepted: bool = False) -> Tree:
    """The tree of a query; an empty query means everything. now (aware): reference for newer_than: and older_than:. accepted: a
    stored query from a time with other limits (limits.py), which keeps its meaning.

    Raises QueryError with the position, one sentence, and the nearest valid word if there is one.
    """
    parser = _Parser(lexemes(text), now, None if accepted else Weight())
    if parser.peek().kind == "end":
        return Everything()
    tree = parser.alternatives("")
    if parser.peek().kind == ")":
        at = parser.peek().position
        raise QueryError(at, sentence("The parenthesis at character {at} closes nothing.", at=at + 1))
    return tree


class _Parser:
    """A recursive-descent parser of the lexemes; `operator` is that of the enclosing group, "" for none."""

    def __init__(self, lexemes: Sequence[Lexeme], now: datetime, weight: Weight | None) -> None:
        self._lexemes = lexemes
        self._at = 0
        self._depth = 0
        self._now = now
        self._weight = weight

    def peek(self) -> Lexeme:
        return self._lexemes[self._at]

    def _take(self) -> Lexeme:
        self._at += 1
        return self._lexemes[self._at - 1]

    def alternatives(self, operator: str) -> Tree:
        parts = [self._together(operator)]
        while self.peek().kind == "OR":
            self._take()
            parts.append(self._together(operator))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _together(self, operator: str) -> Tree:
        """Words side by side. One without letter or digit ("&") narrows nothing beside others; alone it is an error."""
        start = self.peek()
        parts: list[Tree] = []
        expected = True
        while expected or self.peek().kind not in {"end", ")", "OR"}:
            if (tree := self._perhaps_not(operator)) is not None:
                parts.append(tree)
            expected = self.peek().kind == "AND"
            if expected:
                self._take()
        if not parts:
            message = sentence("There is no letter and no digit to search for at character {at}.", at=start.position + 1)
            raise QueryError(start.position, message)
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _perhaps_not(self, operator: str) -> Tree | None:
        negated = False
        while self.peek().kind == "NOT":
            self._take()
            negated = not negated
        tree = self._primary(operator)
        return Not(tree) if negated and tree is not None else tree

    def _primary(self, operator: str) -> Tree | None:
        lexeme = self._take()
        match lexeme.kind:
            case "(":
                return self._group(lexeme, operator)
            case "operator":
                return self._operator(lexeme, operator)
            case "word" | "phrase":
                return self._value(lexeme, operator)
            case "AROUND":
                raise _one_sided(lexeme)
        before = self._lexemes[self._at - 2] if self._at > 1 else None
        if before is not None and before.kind in {"AND", "OR", "NOT"}:
            message = sentence("{word} at character {at} has nothing behind it.", word=before.text, at=before.position + 1)
            raise QueryError(before.position, message)
        if before is not None and before.kind == "(" and lexeme.kind == "end":
            raise _unclosed(before)
        if lexeme.kind == "end":
            message = sentence("A word is missing at the end, before “{text}”.", text=lexeme.text)
        else:
            message = sentence("A word is missing at character {at}, before “{text}”.", at=lexeme.position + 1, text=lexeme.text)
        raise QueryError(lexeme.position, message)

    def _group(self, opening: Lexeme, operator: str) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryError(opening.position, sentence("Parentheses may be nested {most} deep.", most=DEEPEST))
        if self.peek().kind == ")":
            message = sentence("The parentheses at character {at} are empty.", at=opening.position + 1)
            raise QueryError(opening.position, message)
        tree = self.alternatives(operator)
        if self.peek().kind != ")":
            raise _unclosed(opening)
        self._take()
        self._depth -= 1
        return tree

    def _operator(self, lexeme: Lexeme, outer: str) -> Tree | None:
        name, at = lexeme.text, lexeme.position
        if name not in OPERATORS:
            hint = nearest(name)
            if hint:
                message = sentence(
                    "There is no operator “{name}:” (character {at}); did you mean “{hint}”?", name=name, at=at + 1, hint=hint
                )
            else:
                message = sentence(
                    "There is no operator “{name}:” (character {at}); put the words in quotation marks to search for them.",
                    name=name,
                    at=at + 1,
                )
            raise QueryError(at, message, hint)
        if outer:
            message = sentence(
                "{name}: at character {at} cannot stand inside the parentheses of {outer}:.", name=name, at=at + 1, outer=outer
            )
            raise QueryError(at, message)
        if self.peek().position != lexeme.end or self.peek().kind not in {"(", "word", "phrase"}:
            message = sentence("{name}: needs a value right behind the colon (character {at}).", name=name, at=lexeme.end + 1)
            raise QueryError(lexeme.end, message)
        value = self._take()
        return self._group(value, name) if value.kind == "(" else self._value(value, name, required=True)

    def _value(self, lexeme: Lexeme, operator: str, *, required: bool = False) -> Tree | None:
        value = self._read(lexeme, operator)
        if self.peek().kind == "AROUND":
            around = self._take()
            right = self._take() if self.peek().kind in {"word", "phrase"} else None
            if right is None or self.peek().kind == "AROUND":
                raise _one_sided(around if right is None else self.peek())
            return self._weighed(near(value, self._read(right, operator), int(around.text), around.position), value)
        tree = OPERATORS[operator](value) if operator else free(value)
        if tree is None and required:
            raise value.wrong(sentence("a word with letters or digits"))
        return None if tree is None else self._weighed(tree, value)

    def _weighed(self, tree: Tree, value: Value) -> Tree:
        if self._weight is not None:
            self._weight.add(tree, value.position)
        return tree

    def _read(self, lexeme: Lexeme, operator: str) -> Value:
        return Value(lexeme.text, lexeme.kind == "phrase", lexeme.position, operator, self._now)


def _one_sided(around: Lexeme) -> QueryError:
    return QueryError(
        around.position,
        sentence(
            "AROUND {most} at character {at} joins two words or phrases, one on each side.",
            most=around.text,
            at=around.position + 1,
        ),
    )


def _unclosed(opening: Lexeme) -> QueryError:
    at = opening.position
    return QueryError(at, sentence("The parenthesis at character {at} is never closed.", at=at + 1), ")")
