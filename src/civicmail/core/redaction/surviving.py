"""What survives redaction: the words that no redaction covers, with one label in the place of each redaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from civicmail.core.redaction.shapes import Box, Document, Redaction, Word

REDACTED = "· REDACTED"


@dataclass(frozen=True, slots=True)
class Piece:
    """A surviving word, or the label of a redaction, and the white space behind it. word: its number in the document, that of the
    first redacted one for a label."""

    text: str
    gap: str
    word: int
    is_label: bool = False


def label(redaction: Redaction) -> str:
    """The fixed text in the place of what is redacted. It tells nothing about the length of that."""
    return f"[{redaction.number} {REDACTED} {redaction.code}]"


def covering(document: Document, redactions: Iterable[Redaction]) -> dict[int, list[Redaction]]:
    """Number of a redacted word -> the redactions that cover it, by their numbers. A box covers each word that it touches. Raises
    ValueError for words that the document does not have."""
    covered: dict[int, list[Redaction]] = {}
    for redaction in sorted(redactions, key=lambda one: one.number):
        for n in words_of(document, redaction):
            covered.setdefault(n, []).append(redaction)
    return covered


def words_of(document: Document, redaction: Redaction) -> Sequence[int]:
    """The numbers of the words that a redaction covers."""
    if (box := redaction.box) is not None:
        if document.kind == "text":
            raise ValueError("a text has no boxes")
        return [n for n, w in enumerate(document.words) if w.page == redaction.page and w.box is not None and touches(w.box, box)]
    if redaction.last >= len(document.words):
        raise ValueError("a redaction covers words that the document does not have")
    return range(redaction.first, redaction.last + 1)


def source_boxes(document: Document, redactions: Iterable[Redaction]) -> tuple[tuple[int, Box], ...]:
    """(page, box) of every redacted word and of every drawn box, within its page; nothing for what is not released as pages."""
    if document.kind != "pages":
        return ()
    places: list[tuple[int, Box]] = []
    for redaction in redactions:
        words = [document.words[n] for n in words_of(document, redaction)]
        places += [(word.page, word.box) for word in words if word.box is not None]
        places += [(redaction.page, redaction.box)] if redaction.box is not None else []
    return tuple((page, _within(box, document.sizes[page])) for page, box in places)


def _within(box: Box, size: tuple[float, float]) -> Box:
    return max(0.0, box[0]), max(0.0, box[1]), min(size[0], box[2]), min(size[1], box[3])


def touches(a: Box, b: Box) -> bool:
    """Whether two boxes have a common area."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def pieces(document: Document, redactions: Iterable[Redaction]) -> list[Piece]:
    """Survivors and labels in the order of the document. Overlapping redactions have a label each, where each begins; the white
    space inside of a redaction is gone, too."""
    covered = covering(document, redactions)
    result: list[Piece] = []
    labeled: set[Redaction] = set()
    for n, (word, gap) in enumerate(zip(document.words, document.gaps, strict=True)):
        new = [redaction for redaction in covered.get(n, ()) if redaction not in labeled]
        for redaction in new:
            result.append(Piece(label(redaction), " ", n, is_label=True))
            labeled.add(redaction)
        if n not in covered:
            result.append(Piece(word.text, gap, n))
        elif result and result[-1].is_label and not _continues(covered, n, document):
            last = result[-1]
            result[-1] = Piece(last.text, gap, last.word, is_label=True)
    return result


def _continues(covered: dict[int, list[Redaction]], n: int, document: Document) -> bool:
    """Whether the next word is under one of the redactions that cover this one."""
    behind = covered.get(n + 1, ()) if n + 1 < len(document.words) else ()
    return any(redaction in behind for redaction in covered[n])


def survivors(document: Document, redactions: Iterable[Redaction]) -> list[tuple[int, Word]]:
    """Number and word of each that no redaction covers."""
    covered = covering(document, redactions)
    return [(n, word) for n, word in enumerate(document.words) if n not in covered]
