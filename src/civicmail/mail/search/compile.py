"""Compile a query tree into a tantivy query. Leaves are built from objects, never from query text, so nothing needs quoting."""

from __future__ import annotations

import re

import tantivy

from civicmail.core.query.errors import QueryError
from civicmail.core.query.tree import FREE, Among, And, Digits, Everything, Near, Not, Or, Range, Token, Tree, Words
from civicmail.mail.search.schema import SCHEMA

_META = re.compile(r"[\\.+*?()|\[\]{}^$#&~-]")
_COLUMN = {
    "received": "hi",
    "date": "date",
    "size": "size",
    "given": "given",
    "attachments": "attachments",
    "unreadable": "unreadable",
}
_Clause = tuple[tantivy.Occur, tantivy.Query]
LARGEST = (1 << 64) - 1
MANY = 16
"""Whole tokens of one field, of which one must fit, that are asked for as a set."""


LOOKED_UP = 1_000
"""Ids that are looked up one by one."""


def compiled(tree: Tree) -> tantivy.Query:
    """The query that finds exactly what matches() finds."""
    match tree:
        case Everything():
            return tantivy.Query.all_query()
        case And(parts):
            return _all(parts)
        case Or(parts):
            return _either(_alternatives(parts))
        case Not():
            return _all((tree,))
        case Words(field, tokens, prefix):
            return _either([_phrase(name, tokens, prefix) for name in ((field,) if field else FREE)])
        case Near(left, right, most):
            names = (left.field,) if left.field else FREE
            return _either([query for name in names for query in _near(name, left, right, most)])
        case Token(field, token, prefix):
            return _phrase(field, (token,), prefix)
        case Range("given", low, high):  # a document has it only where it is not the size
            has, same = column("given", 0, LARGEST), _range("size", low, high)
            as_sent = tantivy.Query.boolean_query([(tantivy.Occur.Must, same), (tantivy.Occur.MustNot, has)])
            return _either([_range("given", low, high), as_sent])
        case Range(field, low, high):
            return _range(field, low, high)
        case Digits("id", digits) if len(digits) == 32:  # a look-up, where the columns alone are a scan
            return both(tantivy.Query.term_query(SCHEMA, "lo", int(digits[16:], 16)), _digits(("hi",), digits[:16]))
        case Digits("id", digits):
            return _digits(("hi", "lo"), digits)
        case Digits(_, digits):
            return _digits(("s1", "s2", "s3", "s4"), digits)
        case Among(ids):
            return _among(ids)


def _alternatives(parts: tuple[Tree, ...]) -> list[tantivy.Query]:
    """A query that matches if one of these queries does. Many whole tokens of one field, as in the scope of an examination of a
    department, become one set: a query for each token took 67 ms to build for 1,200 people, and would affect the ranking."""
    tokens: dict[str, list[str]] = {}
    for part in parts:
        if isinstance(part, Token) and not part.prefix:
            tokens.setdefault(part.field, []).append(part.token)
    sets = {field: terms for field, terms in tokens.items() if len(terms) >= MANY}
    single = [part for part in parts if not (isinstance(part, Token) and not part.prefix and part.field in sets)]
    return [compiled(part) for part in single] + [
        tantivy.Query.term_set_query(SCHEMA, field, terms) for field, terms in sets.items()
    ]


def both(*queries: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, q) for q in queries])


def column(name: str, low: int, high: int) -> tantivy.Query:
    """A column's value from low to high, both included."""
    if low > high:
        return tantivy.Query.empty_query()
    return tantivy.Query.range_query(SCHEMA, name, tantivy.FieldType.Unsigned, max(low, 0), min(high, LARGEST))


def _either(queries: list[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(tantivy.Occur.Should, q) for q in queries])


def _all(parts: tuple[Tree, ...]) -> tantivy.Query:
    """Together, with the negated ones taken away; where all are negated they are taken from everything."""
    clauses: list[_Clause] = [
        (tantivy.Occur.MustNot, compiled(p.part)) if isinstance(p, Not) else (tantivy.Occur.Must, compiled(p)) for p in parts
    ]
    if all(isinstance(p, Not) for p in parts):
        clauses.append((tantivy.Occur.Must, tantivy.Query.all_query()))
    return tantivy.Query.boolean_query(clauses)


def _phrase(field: str, tokens: tuple[str, ...], prefix: bool) -> tantivy.Query:
    if len(tokens) == 1:
        if prefix:
            return tantivy.Query.regex_query(SCHEMA, field, _pattern(tokens[0]) + ".*")
        return tantivy.Query.term_query(SCHEMA, field, tokens[0])
    if prefix:
        *first, last = (_pattern(token) for token in tokens)
        return tantivy.Query.regex_phrase_query(SCHEMA, field, [*first, last + ".*"])
    return tantivy.Query.phrase_query(SCHEMA, field, list(tokens))


def _near(field: str, left: Words, right: Words, most: int) -> list[tantivy.Query]:
    """Queries of which one must fit. tantivy's slop is the distance of two tokens from their places in the phrase, to either side;
    put at the same place that is our meaning, unless one token may be both: then their places are as far apart as the middle of the
    distances that fit. Between longer phrases slop would also loosen the phrases, so there each distance is a phrase of its own."""
    patterns = left.prefix or right.prefix
    make = tantivy.Query.regex_phrase_query if patterns else tantivy.Query.phrase_query
    left_terms, right_terms = _terms(left, patterns), _terms(right, patterns)
    single = len(left_terms) == len(right_terms) == 1
    if single and not _overlap(left, right):
        return [make(SCHEMA, field, [(0, left_terms[0]), (0, right_terms[0])], most + 1)]
    orders = [(left_terms, right_terms)] if left == right else [(left_terms, right_terms), (right_terms, left_terms)]
    if single:
        half = most // 2
        places = [(half + 1, half)] if most % 2 == 0 else [(half + 1, half), (most + 1, 0)]
        return [make(SCHEMA, field, [(0, a[0]), (at, b[0])], slop) for a, b in orders for at, slop in places]
    return [
        make(SCHEMA, field, [*enumerate(first), *enumerate(second, len(first) + between)])
        for first, second in orders
        for between in range(most + 1)
    ]


def _overlap(left: Words, right: Words) -> bool:
    """Whether one token can match both tokens; each of them is a whole token or a prefix."""
    left_token, right_token = left.tokens[0], right.tokens[0]
    return (
        left_token == right_token
        or (left.prefix and right_token.startswith(left_token))
        or (right.prefix and left_token.startswith(right_token))
    )


def _terms(words: Words, patterns: bool) -> list[str]:
    """The tokens themselves, or patterns of which the last one is a prefix."""
    if not patterns:
        return list(words.tokens)
    *first, last = (_pattern(token) for token in words.tokens)
    return [*first, last + ".*" if words.prefix else last]


def _pattern(token: str) -> str:
    return _META.sub(r"\\\g<0>", token)


def _range(field: str, low: int | None, high: int | None) -> tantivy.Query:
    if field == "received":  # the first 48 bits of a capture id are its time of receipt
        low = None if low is None else low << 16
        high = None if high is None else (high + 1 << 16) - 1
    return column(_COLUMN[field], 0 if low is None else low, LARGEST if high is None else high)


def _among(digit_strings: frozenset[str]) -> tantivy.Query:
    """Captures by the second halves of their ids, of which 62 bits are chance. Few are looked up one by one: a set of terms is a
    scan of the column; of thousands the set is the faster one (5,000 of 500,000: 30 ms against 95)."""
    halves = sorted(int(digits[16:], 16) for digits in digit_strings)
    if len(halves) > LOOKED_UP:
        return tantivy.Query.boost_query(tantivy.Query.term_set_query(SCHEMA, "lo", halves), 0.0)
    each = [(tantivy.Occur.Should, tantivy.Query.term_query(SCHEMA, "lo", half)) for half in halves]
    return tantivy.Query.boost_query(tantivy.Query.boolean_query(each), 0.0) if each else tantivy.Query.empty_query()


def _digits(columns: tuple[str, ...], digits: str) -> tantivy.Query:
    """Sixteen hexadecimal digits to a column; the last one may be cut short."""
    if len(digits) > 16 * len(columns):
        raise QueryError(0, f"An identifier of this kind has {16 * len(columns)} hexadecimal digits.")
    clauses = []
    for name, start in zip(columns, range(0, len(digits), 16), strict=False):
        piece = digits[start : start + 16]
        clauses.append(column(name, int(piece.ljust(16, "0"), 16), int(piece.ljust(16, "f"), 16)))
    return both(*clauses)
