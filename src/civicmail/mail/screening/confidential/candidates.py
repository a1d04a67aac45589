"""Candidates for values of the city's lists: numbers and identifiers by their shape, and words that may be names.

The gateway gets them in memory only, for the one look-up of exact_match.py. No finding, log or record has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from civicmail.mail.screening.confidential import canonical
from civicmail.mail.screening.confidential.shapes import Text, each

IDS, WORDS = 1000, 4000
"""At most so many of a message."""

SHORTEST, LONGEST, FEWEST_DIGITS = 5, 20, 4
_SHAPE = re.compile(
    r"(?<![0-9A-Za-z])[A-Za-z]{0,4}-?[0-9][0-9A-Za-z]{0,19}(?:[-. ][0-9A-Za-z]{0,3}[0-9][0-9A-Za-z]{0,19}){0,5}", re.ASCII
)
_WORD = re.compile(r"[A-Za-z][A-Za-z']+")


def of(texts: Iterable[Text]) -> dict[str, Any]:
    """ids: [value, part, offset, length] each; words: in small letters. Empty where there is nothing to look up. Raises Spent."""
    ids: dict[str, list[Any]] = {}
    words: set[str] = set()
    held = list(texts)
    for text in held:
        for value, start, end in _ids(text):
            if len(ids) == IDS:
                break
            if value not in ids:
                ids[value] = [value, text.part, *text.place(start, end)]
    if not ids:
        return {}
    for text in held:
        for match in each(_WORD, text):
            words.add(match[0].replace("'", "").lower())
            if len(words) >= WORDS:
                break
    return {"ids": list(ids.values()), "words": sorted(words)}


def identifier(value: str) -> str:
    """A value as lists have it: capitals and digits only; "" for what no message would be searched for."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", value).upper() if c.isascii() and c.isalnum())
    return plain if SHORTEST <= len(plain) <= LONGEST and sum(c.isdigit() for c in plain) >= FEWEST_DIGITS else ""


def name(value: str) -> str:
    """The word of a name that a message must also contain: its longest, in lower case without accents; "" if there is none."""
    words = [w.replace("'", "").lower() for w in _WORD.findall(canonical.of("", value).text)]
    return max(words, key=len, default="")


def _ids(text: Text) -> Iterator[tuple[str, int, int]]:
    """A run of characters, and its parts between blanks."""
    for m in each(_SHAPE, text):
        if whole := identifier(m[0]):
            yield whole, m.start(), m.end()
        if " " in m[0]:
            start = m.start()
            for piece in m[0].split(" "):
                if value := identifier(piece):
                    yield value, start, start + len(piece)
                start += len(piece) + 1
