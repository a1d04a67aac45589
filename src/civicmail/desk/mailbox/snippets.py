"""One line of a message for a list: around the first searched word, else its beginning. Pure except for texts_of, for which a
sandboxed process reads the message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from civicmail.core.query.tree import And, Near, Or, Tree, Words
from civicmail.desk.viewer import sandboxed

MAX_LINE = 140
MAX_BEFORE = 20
"""Characters of a line, and of them before the word."""
MAX_READ = 512 << 10
"""Bytes above which a message has no line in a list."""


class Piece(NamedTuple):
    """marked: it is a searched word."""

    text: str
    marked: bool = False


def texts_of(bodies: Sequence[bytes]) -> list[str]:
    """The words of each message in one line, without quotes and invisible text; empty if it is too large or unreadable."""
    small = [n for n, body in enumerate(bodies) if len(body) <= MAX_READ]
    lines = dict(zip(small, sandboxed.words([bodies[n] for n in small]), strict=True))
    return [lines.get(n, "") for n in range(len(bodies))]


def words_of(tree: Tree) -> tuple[str, ...]:
    """Words that a query searches in the text, each once; without excluded words and other fields."""
    match tree:
        case And(parts) | Or(parts):
            words = [word for part in parts for word in words_of(part)]
        case Near(left, right):
            words = [*words_of(left), *words_of(right)]
        case Words(field, tokens) if field in ("", "body"):
            words = list(tokens)
        case _:
            words = []
    return tuple(dict.fromkeys(words))


def line(text: str, words: Sequence[str] = ()) -> list[Piece]:
    """The pieces of one line, none for a text without words."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE) if words else None
    first = pattern.search(text) if pattern is not None else None
    start = max(0, first.start() - MAX_BEFORE) if first is not None else 0
    if start:
        start = text.find(" ", start, first.start() if first is not None else None) + 1 or start
    shown = text[start : start + MAX_LINE]
    pieces, at = [], 0
    for match in pattern.finditer(shown) if pattern is not None else ():
        pieces += [Piece(shown[at : match.start()]), Piece(match.group(), True)]
        at = match.end()
    pieces.append(Piece(shown[at:] + ("…" if start + MAX_LINE < len(text) else "")))
    if start:
        pieces.insert(0, Piece("…"))
    return [piece for piece in pieces if piece.text]
