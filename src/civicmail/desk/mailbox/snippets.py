"""A line of what a message says, for a list: where a word that was asked for stands, else how it begins. Pure but for text_of,
which has the message read in a limited process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from civicmail.core.query.tree import And, Near, Or, Tree, Words
from civicmail.desk.viewer import limited

LONG = 140
BEFORE = 20
"""Characters of a line, and of them before the word."""
READ_MOST = 512 << 10
"""Bytes above which a message has no line in a list."""


class Piece(NamedTuple):
    """marked: it is a word that was asked for."""

    text: str
    marked: bool = False


def text_of(body: bytes) -> str:
    """The words of a message in one line, without what it quotes and what nobody would see; empty where it is too large, or cannot
    be read."""
    return limited.words(body) if len(body) <= READ_MOST else ""


def words_of(tree: Tree) -> tuple[str, ...]:
    """Words that a query wants in the text, each once; what it excludes and what names another field are none."""
    match tree:
        case And(parts) | Or(parts):
            found = [word for part in parts for word in words_of(part)]
        case Near(left, right):
            found = [*words_of(left), *words_of(right)]
        case Words(field, tokens) if field in ("", "body"):
            found = list(tokens)
        case _:
            found = []
    return tuple(dict.fromkeys(found))


def line(text: str, words: Sequence[str] = ()) -> list[Piece]:
    """The pieces of one line, none for a text without words."""
    wanted = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE) if words else None
    first = wanted.search(text) if wanted is not None else None
    start = max(0, first.start() - BEFORE) if first is not None else 0
    if start:
        start = text.find(" ", start, first.start() if first is not None else None) + 1 or start
    shown = text[start : start + LONG]
    pieces, at = [], 0
    for found in wanted.finditer(shown) if wanted is not None else ():
        pieces += [Piece(shown[at : found.start()]), Piece(found.group(), True)]
        at = found.end()
    pieces.append(Piece(shown[at:] + ("…" if start + LONG < len(text) else "")))
    if start:
        pieces.insert(0, Piece("…"))
    return [piece for piece in pieces if piece.text]
