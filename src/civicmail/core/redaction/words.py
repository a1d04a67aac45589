"""Divide text into words, and the white space behind each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from civicmail.core.redaction.shapes import Document, Word

_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffe]")
"""Characters without width that only hide a word from a search: soft hyphens, marks of direction, byte order marks."""
_TOKEN = re.compile(r"(\S+)(\s*)")
_OPENING, _CLOSING = "([{<\"'\u2018\u201c\u201e\u00ab", ")]}>\"'\u2019\u201d\u00bb,;:!?."
Tokens = list[tuple[str, str]]
"""(word, white space behind it)."""


def plain(text: str) -> str:
    """The text in composed form (NFC), without invisible characters."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def tokens(text: str) -> Tokens:
    """The words of a text. Signs around a word are words of their own, so that a redacted name does not take its comma along."""
    result: Tokens = []
    for token, space in _TOKEN.findall(plain(text)):
        parts = _divided(token)
        result += [(part, "") for part in parts[:-1]]
        result.append((parts[-1], _gap(space)))
    return result


def text_document(texts: Iterable[str], hidden: Iterable[str] = ()) -> Document:
    """A document of texts, a paragraph for each."""
    parts: Tokens = []
    for text in texts:
        if parts:
            parts[-1] = (parts[-1][0], "\n\n")
        parts += tokens(text)
    return Document("text", tuple(Word(word) for word, _ in parts), tuple(gap for _, gap in parts), hidden=tuple(hidden))


def counted(number: int, thing: str) -> str:
    """The words of a number of things."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _divided(token: str) -> list[str]:
    start, end = 0, len(token)
    while start < end and token[start] in _OPENING:
        start += 1
    while end > start and token[end - 1] in _CLOSING:
        end -= 1
    return [part for part in (token[:start], token[start:end], token[end:]) if part]


def _gap(space: str) -> str:
    lines = space.count("\n") + space.count("\u2029") + space.count("\u2028")
    if lines:
        return "\n\n" if lines > 1 else "\n"
    return "\t" if "\t" in space else " " if space else ""
