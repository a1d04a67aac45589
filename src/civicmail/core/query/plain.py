"""A query tree as plain lists, for records that must keep their meaning (docs/formats.md, "Events"): words are not parsed again.

    ["all"]  ["and", t, …]  ["or", t, …]  ["not", t]  ["words", field, prefix, token, …]  ["near", words, words, most]
    ["token", field, prefix, token]  ["range", field, low, high]  ["digits", field, digits]  ["among", id, …]

prefix: 0 or 1; low, high: a number, or "" for an open end.
"""

from __future__ import annotations

from typing import Any, get_args

from civicmail.core.query.errors import QueryError
from civicmail.core.query.tree import Among, And, Digits, Everything, Near, Not, Number, Or, Range, Text, Token, Tree, Words

Plain = list[Any]
DEEPEST = 200


def encoded(tree: Tree) -> Plain:
    """The tree as lists of text and whole numbers."""
    match tree:
        case Everything():
            return ["all"]
        case And(parts):
            return ["and", *map(encoded, parts)]
        case Or(parts):
            return ["or", *map(encoded, parts)]
        case Not(part):
            return ["not", encoded(part)]
        case Words(field, tokens, prefix):
            return ["words", field, int(prefix), *tokens]
        case Near(left, right, most):
            return ["near", encoded(left), encoded(right), most]
        case Token(field, token, prefix):
            return ["token", field, int(prefix), token]
        case Range(field, low, high):
            return ["range", field, "" if low is None else low, "" if high is None else high]
        case Digits(field, digits):
            return ["digits", field, digits]
        case Among(ids):
            return ["among", *sorted(ids)]


def decoded(plain: Plain, deepest: int = DEEPEST) -> Tree:
    """The tree of a plain list. Raises QueryError for content that this version does not support."""
    try:
        return _decoded(plain, deepest)
    except (TypeError, ValueError, IndexError, AssertionError) as error:
        raise QueryError(0, "This is a query of another version, or none.") from error


def _decoded(plain: Plain, deepest: int) -> Tree:
    assert deepest > 0
    match plain:
        case ["all"]:
            return Everything()
        case ["and", *parts]:
            return And(tuple(_decoded(part, deepest - 1) for part in parts))
        case ["or", *parts]:
            return Or(tuple(_decoded(part, deepest - 1) for part in parts))
        case ["not", part]:
            return Not(_decoded(part, deepest - 1))
        case ["near", left, right, int(most)]:
            left_words, right_words = _decoded(left, deepest - 1), _decoded(right, deepest - 1)
            assert isinstance(left_words, Words)
            assert isinstance(right_words, Words)
            return Near(left_words, right_words, most)
        case ["digits", ("id" | "sha256") as field, str(digits)]:
            return Digits(field, digits)
        case ["among", *ids]:
            assert all(isinstance(id_, str) for id_ in ids)
            return Among(frozenset(ids))
        case ["range", field, low, high]:
            assert field in get_args(Number)
            return Range(field, _end(low), _end(high))
        case ["token", field, (0 | 1) as prefix, str(token)]:
            assert field in get_args(Text)
            return Token(field, token, bool(prefix))
        case ["words", field, (0 | 1) as prefix, str(), *_]:
            assert field == "" or field in get_args(Text)
            assert all(isinstance(token, str) for token in plain[3:])
            return Words(field, tuple(plain[3:]), bool(prefix))
    raise ValueError(plain)


def _end(value: Any) -> int | None:
    assert value == "" or isinstance(value, int)
    return None if value == "" else value
