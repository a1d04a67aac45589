"""How the words of two documents differ, as runs of text to read one after the other. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from civicmail.core.redaction.shapes import Document

MAX_WORDS = 10_000
"""Of each document: more of them take seconds to compare."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stand together. kind: in both documents, in the first alone (gone), or in the second alone (new)."""

    kind: Literal["same", "gone", "new"]
    text: str


def difference(first: Document, second: Document) -> Iterator[Run]:
    """The second document, with what the first one has instead. Both are compared up to MAX_WORDS."""
    old, new = _words(first), _words(second)
    opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for tag, a, b, c, d in opcodes:
        if tag == "equal":
            yield Run("same", _text(second, c, d))
            continue
        if b > a:
            missing = first.gaps[a - 1] if a and c and not second.gaps[c - 1] else ""  # the second one ends there without a space
            yield Run("gone", missing + _text(first, a, b))
        if d > c:
            yield Run("new", _text(second, c, d))


def _words(document: Document) -> Sequence[str]:
    return [word.text for word in document.words[:MAX_WORDS]]


def _text(document: Document, start: int, end: int) -> str:
    pairs = zip(document.words[start:end], document.gaps[start:end], strict=True)
    return "".join(word.text + (gap or " " * (document.kind != "text")) for word, gap in pairs)
