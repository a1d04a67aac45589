"""Limits of one query, counted while it is parsed, so that pages, programs and commands reject the same queries.

On 300,000 messages a word costs less than a millisecond; a prefix (b*) up to 65, because each word with it is looked up in eight
fields. The number of such words is not limited: it depends on everybody's mail, and a refusal would reveal it.
"""

from __future__ import annotations

from civicmail.core.config.sentence import sentence
from civicmail.core.query.errors import QueryError
from civicmail.core.query.tree import And, Digits, Near, Not, Or, Range, Token, Tree, Words

WORDS_MOST = 250
"""Words, numbers and dates, and each word of a phrase. Whole addresses and identifiers do not count: they are looked up as a set,
and an examination may name hundreds."""
STARS_MOST = 20
"""Prefixes, and conversations, each of which is looked up message by message: 20 of one letter take 1.3 s there."""


class Weight:
    """The cost of the parsed part of one query."""

    def __init__(self) -> None:
        self._words = self._stars = 0

    def add(self, tree: Tree, position: int) -> None:
        """Count one value, or two that AROUND joins. Raises QueryError if it is one too many."""
        words, stars = weight(tree)
        self._words += words
        self._stars += stars
        if self._stars > STARS_MOST:
            message = sentence(
                "A query may have {most} words with a * or conversations (thread:); at character {at} it has more. Each distance of"
                " an AROUND between phrases counts.",
                most=STARS_MOST,
                at=position + 1,
            )
            raise QueryError(position, message)
        if self._words > WORDS_MOST:
            message = sentence(
                "A query may have {most} words, not counting whole addresses; at character {at} it has more. Each distance of an"
                " AROUND between phrases counts.",
                most=WORDS_MOST,
                at=position + 1,
            )
            raise QueryError(position, message)


def weight(tree: Tree) -> tuple[int, int]:
    """Words and beginnings of words in the reading of one value; several readings of it count as the largest."""
    match tree:
        case And(parts) | Or(parts):
            each = [weight(part) for part in parts]
            return max(words for words, _ in each), max(stars for _, stars in each)
        case Not(part):
            return weight(part)
        case Words(_, tokens, prefix):
            return len(tokens), int(prefix)
        case Near(left, right, most):
            ways = 1 if len(left.tokens) == len(right.tokens) == 1 else 2 * (most + 1)
            return ways * (len(left.tokens) + len(right.tokens)), ways * (left.prefix + right.prefix)
        case Token(field, _, prefix):
            return 0, int(prefix or field == "thread")
        case Range() | Digits():
            return 1, 0
        case _:
            return 0, 0
