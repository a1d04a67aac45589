"""The strings of what is redacted in a document, which nothing that is released may have, and how they may be written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from civicmail.core.redaction.shapes import Document, Redaction
from civicmail.core.redaction.surviving import words_of

SHORTEST = 4
"""Characters of a word that is forbidden: shorter ones occur everywhere."""
FEW = 3
"""Words of a phrase, such as a name, each of which is forbidden also alone."""
_EDGES = ".,;:!?()[]{}<>\"'*_\u2018\u2019\u201c\u201d"
_ENDS = re.compile(r"[.!?:]\W*\Z")
_HYPHENS = re.compile(r"[-\u2010-\u2015\u00ad]\s*")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_TELLING = re.compile(r"[0-9@]")


def forbidden_strings(document: Document, redactions: Iterable[Redaction]) -> frozenset[str]:
    """Each redacted phrase, and each of its words that identifies something: all words of a short phrase; of a longer one those
    with a digit, an @, or a capital inside of a sentence. Each also without hyphens, and by its digits alone."""
    strings: set[str] = set()
    for redaction in redactions:
        numbers = words_of(document, redaction)
        words = [document.words[n].text for n in numbers]
        strings.add(" ".join(words))
        strings.update(words if len(words) <= FEW else telling(words))
    return frozenset(form for text in strings for form in forms(text))


def forms(text: str) -> set[str]:
    """How a text may be written: as it is compared, without hyphens, and by its digits alone if it is mostly digits."""
    plain = normal(text)
    written = {plain, _HYPHENS.sub("", plain)}
    digits = _NOT_DIGITS.sub("", plain)
    if 2 * len(digits) >= len(plain):
        written.add(digits)
    return {form for form in written if len(form) >= SHORTEST}


def normal(text: str) -> str:
    """A text without case, compatibility forms, double white space, and signs at its edges."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_EDGES)


def telling(words: Sequence[str]) -> Iterable[str]:
    """The words that identify something: those with a digit, an @, or a capital inside of a sentence."""
    for n, word in enumerate(words):
        bare = word.strip(_EDGES)
        if _TELLING.search(bare) or (bare[:1].isupper() and n and not _ENDS.search(words[n - 1])):
            yield word
