"""Compare the text of a released file with the words that survived redaction.

Readers of files split and join words in their own ways and orders. Letters and digits they only find or lose: so a word that should
not be there shows as letters beyond those of the surviving words, and a lost one as letters that are missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from civicmail.core.redaction.leaks import words_of


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
    unknown = sum(word not in known and word not in joined for word in found)
    letters, expected_letters = Counter("".join(found)), Counter(joined)
    return Difference(unknown, (letters - expected_letters).total(), (expected_letters - letters).total())
