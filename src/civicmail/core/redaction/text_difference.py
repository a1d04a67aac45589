"""Compare the text of a released file with the words that survived redaction.

Readers of files split and join words in their own ways and orders. Letters and digits they only find or lose: so a word that should
not be there shows as letters beyond those of the surviving words, and a lost one as letters that are missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import bidirectional

from civicmail.core.redaction.leaks import words_of

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
"""Classes of letters (UAX 9, table 4)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """unknown: words in the text that are neither surviving ones nor parts of them.

    beyond, missing: letters and digits that the text has more, or less, often than the surviving words.
    """

    unknown: int
    beyond: int
    missing: int


def difference(text: str, surviving: Iterable[str]) -> Difference:
    """How the text of a file differs from the surviving words."""
    expected = words_of(" ".join(surviving))
    joined, known = "".join(expected), frozenset(expected)
    found = words_of(text)
    unknown = sum(word not in known and word not in joined and not _is_mirrored(word, joined) for word in found)
    letters, expected_letters = Counter("".join(found)), Counter(joined)
    return Difference(unknown, (letters - expected_letters).total(), (expected_letters - letters).total())


def _is_mirrored(word: str, joined: str) -> bool:
    """Whether it is a word of a script from right to left in the order of its glyphs, as some readers give it."""
    return any(bidirectional(character) in _RIGHT_TO_LEFT for character in word) and word[::-1] in joined
