"""Find forbidden strings in text, however they are written.

Text is compared by its letters and digits alone: without case, accents, white space, hyphens and invisible characters.
So "Abend-\\nroth", "A B E N D R O T H" and "abendroth@" all show Abendroth, and "078 05.1120" shows 078-05-1120.

- A string of six or more is also searched for inside longer words; a shorter one must be a word, because it occurs in many others.
- Seven or more digits are also searched for with up to three other characters between two of them.
- Of a longer phrase each run of eight words is searched for, because a copy may have a part of it.
- In text from OCR, signs that OCR confuses (O and 0, l and 1) are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from html import unescape
from itertools import accumulate
from urllib.parse import unquote

SHORTEST = 4
"""Characters of the shortest string that is searched for: shorter ones occur everywhere."""
INSIDE_WORDS = 6
"""Characters of a string that is also found inside a longer word."""
DIGITS = 7
"""Digits of a number that is also found with other characters between its digits."""
RUN = 8
"""Words of a phrase that are searched for together."""
MASK_LENGTH = 12
_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = re.compile(
    r"[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\ufffe\U000e0000-\U000e007f]+"
)
_NUMBER_ENDS = re.compile(r"[^0-9]{4,}")
_NO_DIGIT = re.compile(r"[^0-9]+")
_CONFUSABLE = str.maketrans("olizsbgq", "01125899")

Forms = Mapping[str, str]
"""A string as it is compared -> its mask."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: letters and digits, without case and accents."""
    return _WORD.findall(_plain(text))


def squeeze(text: str) -> str:
    """The letters and digits of a text, without case and accents."""
    return "".join(words_of(text))


def mask(text: str) -> str:
    """The shape of a string, such as "###-##-####", which shows none of its letters and digits."""
    shape = "".join(["#" if c.isdigit() else "x" if c.isalpha() else c if c in " -." else "?" for c in text])
    return shape if len(shape) <= MASK_LENGTH else shape[:MASK_LENGTH] + "…"


class ForbiddenStrings:
    """Strings that must not be in anything that is released. allowed: exceptions that a person recorded."""

    def __init__(self, strings: Collection[str], allowed: Collection[str] = ()) -> None:
        excepted = {squeeze(text) for text in allowed}
        runs = ((form, mask(text)) for text in strings for form in _runs(text))
        forms = {form: shape for form, shape in runs if len(form) >= SHORTEST and form not in excepted}
        numbers = {_NO_DIGIT.sub("", form): shape for form, shape in forms.items()}
        self._forms = _Index(forms)
        self._confusable = _Index({form.translate(_CONFUSABLE): shape for form, shape in forms.items() if len(form) > SHORTEST})
        self._numbers = {digits: shape for digits, shape in numbers.items() if len(digits) >= DIGITS and digits not in excepted}

    def find(self, text: str) -> list[str]:
        """Masks of the forbidden strings in a text, also of those that it has as entities or percent-encoded."""
        masks: dict[str, None] = {}
        for written in dict.fromkeys((text, unescape(text), unquote(text))):
            masks |= dict.fromkeys(self._forms.masks_in(words_of(written)))
            if self._numbers:
                runs = [_NO_DIGIT.sub("", run) for run in _NUMBER_ENDS.split(_plain(written))]
                masks |= {shape: None for digits, shape in self._numbers.items() if any(digits in run for run in runs)}
        return list(masks)

    def find_in_ocr(self, text: str) -> list[str]:
        """The same for text from OCR, where similar signs are one."""
        confusable = self._confusable.masks_in([word.translate(_CONFUSABLE) for word in words_of(text)])
        return list(dict.fromkeys([*self.find(text), *confusable]))


class _Index:
    """Forms by their first characters, so that a text is read once for all of them."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._by_start: dict[str, list[str]] = {}
        for form in forms:
            self._by_start.setdefault(form[:SHORTEST], []).append(form)

    def masks_in(self, words: Iterable[str]) -> Iterator[str]:
        """The mask of each form in these words."""
        if not self._forms:
            return
        words = list(words)
        text = "".join(words)
        ends = [0, *accumulate(map(len, words))]
        borders = frozenset(ends)
        word_number = [number for number, word in enumerate(words) for _ in word]
        for at in range(len(text) - SHORTEST + 1):
            for form in self._by_start.get(text[at : at + SHORTEST], ()):
                end = at + len(form)
                if not text.startswith(form, at):
                    continue
                is_whole = at in borders and end in borders
                is_inside = len(form) >= INSIDE_WORDS and word_number[at] == word_number[end - 1]
                if is_whole or is_inside:
                    yield self._forms[form]


def _runs(text: str) -> Iterator[str]:
    """A string as it is compared; of a long phrase each run of its words."""
    words = words_of(text)
    for at in range(max(1, len(words) - RUN + 1)):
        yield "".join(words[at : at + RUN])


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKD", text)).casefold()
    return "".join([c if c.isascii() or not c.isdigit() else str(unicodedata.digit(c)) for c in text])
