"""Resolve thread: to the captures of a conversation, given any message in it.

The value may be the Message-ID of a reply, a capture id or the SHA-256 of the bytes. The captures that match name the first message
of their conversation; if that one names an earlier message in turn, the search continues upward.
"""

from __future__ import annotations

from collections.abc import Callable

from civicmail.core.message.model import Fields
from civicmail.core.query.operators import SHORTEST_ID
from civicmail.core.query.tree import And, Digits, Not, Or, Token, Tree
from civicmail.mail.search.fields import thread
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import search

Read = Callable[[str], Fields | None]
"""Capture id as UUID text -> its fields, None where it cannot be read. It shows content, so it wants a permit."""

Within = Callable[[Tree], Tree]

HIGHEST = 32  # messages that are looked up on the way to the first
ALIKE = 8  # captures of one value whose first message is looked up


def anywhere(tree: Tree) -> Tree:
    return tree


def resolved(reader: Reader, tree: Tree, read: Read, within: Within = anywhere) -> Tree:
    """The tree with every thread: leaf widened to the conversation of its captures. A tree without thread: needs no lookup. within:
    limits the lookup to captures that the actor may see."""
    match tree:
        case And(parts):
            return And(tuple(resolved(reader, part, read, within) for part in parts))
        case Or(parts):
            return Or(tuple(resolved(reader, part, read, within) for part in parts))
        case Not(part):
            return Not(resolved(reader, part, read, within))
        case Token("thread", token):
            return Or(tuple(Token("thread", first) for first in _firsts(reader, token, read, within)))
        case _:
            return tree


def _firsts(reader: Reader, token: str, read: Read, within: Within) -> list[str]:
    """The token itself and every earlier message that is named on the way up."""
    tokens = [token]
    for name in tokens:  # it grows meanwhile
        if len(tokens) >= HIGHEST:
            break
        for hit in search(reader, within(_named(name)), limit=ALIKE).hits:
            fields = read(hit.id)
            first = thread(fields) if fields else ""
            if first and first not in tokens:
                tokens.append(first)
    return tokens


def _named(name: str) -> Tree:
    """Captures with this Message-ID, id or SHA-256."""
    by_message = Token("messageid", name)
    digits = name.replace("-", "")
    if not SHORTEST_ID <= len(digits) <= 64 or set(digits) - set("0123456789abcdef"):
        return by_message
    by_hash = Digits("sha256", digits)
    return Or((by_message, by_hash, Digits("id", digits)) if len(digits) <= 32 else (by_message, by_hash))
