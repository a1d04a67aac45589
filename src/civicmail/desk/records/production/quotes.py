"""Find what a document that is withheld whole has in common with one that leaves: a reply quotes the message that it answers. Pure.

A passage is PASSAGE words that follow each other, or a whole shorter line with something telling in it. Only its hash is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from civicmail.core.redaction.forbidden import normal, telling
from civicmail.core.redaction.shapes import Document

PASSAGE = 8
"""Words of a passage: fewer are phrases that everybody writes."""
LINE = 4
"""Words of the shortest line that is a passage."""


def passages(document: Document, *, is_message: bool) -> frozenset[int]:
    """Hashes of the passages of a document; of a message without its header, which the log shows."""
    lines = list(_lines(document))
    if is_message:
        lines = lines[next((n for n, (_, gap) in enumerate(lines, 1) if gap == "\n\n"), 0) :]
    words = _plain(word for line, _ in lines for word in line)
    short = (line for line, _ in lines if LINE <= len(_plain(line)) < PASSAGE and any(telling(line)))
    return frozenset((*_hashes(words, PASSAGE), *(_hash(_plain(line)) for line in short)))


def passages_of(words: Iterable[str]) -> Iterator[int]:
    """Hashes of everything in these words that may be a passage of another document."""
    plain = _plain(words)
    for size in range(LINE, PASSAGE + 1):
        yield from _hashes(plain, size)


def _lines(document: Document) -> Iterator[tuple[list[str], str]]:
    """Words of each line, and the white space behind it."""
    line: list[str] = []
    for word, gap in zip(document.words, document.gaps, strict=True):
        line.append(word.text)
        if "\n" in gap:
            yield line, gap
            line = []
    if line:
        yield line, ""


def _plain(words: Iterable[str]) -> list[str]:
    """Words as they are compared: without case and signs, such as those of quoted lines."""
    return [plain for word in words if (plain := normal(word))]


def _hashes(words: Sequence[str], size: int) -> Iterator[int]:
    return (_hash(words[n : n + size]) for n in range(len(words) - size + 1))


def _hash(words: Sequence[str]) -> int:
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=8).digest())
