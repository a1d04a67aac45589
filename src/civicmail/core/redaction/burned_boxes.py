"""Which boxes are burned on pages, and which words survive that: a redaction covers whole words, and a margin around them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from civicmail.core.redaction.shapes import Box, Document, Redaction, Word
from civicmail.core.redaction.surviving import touches, words_of

MARGIN = 1.0
"""Points around redacted words that are burned, too, where no other word is."""
STEP = 18.0
"""Points: a box is as wide as a multiple of it where there is room, so that its width does not tell a name."""


@dataclass(frozen=True, slots=True)
class BurnedBox:
    """A box to be burned for a redaction."""

    redaction: Redaction
    page: int
    box: Box


def burned_boxes(document: Document, redactions: Iterable[Redaction]) -> list[BurnedBox]:
    """One box for each line of each redaction, by page and from top to bottom."""
    redactions = sorted(redactions, key=lambda one: one.number)
    redacted = {n for redaction in redactions for n in words_of(document, redaction)}
    others = defaultdict[int, list[Box]](list)
    by_page = defaultdict[int, list[Word]](list)
    for n, word in enumerate(document.words):
        if word.box is not None:
            by_page[word.page].append(word)
            if n not in redacted:
                others[word.page].append(word.box)
    result = []
    for redaction in redactions:
        words = [document.words[n] for n in words_of(document, redaction)]
        if redaction.box is not None:
            touched = [word.box for word in words if word.box is not None]
            result.append(
                BurnedBox(redaction, redaction.page, _within(document, redaction.page, _union([redaction.box, *touched])))
            )
            continue
        for page, line in _lines(words):
            box = _as_high_as_the_line(line, [word.box for word in by_page[page] if word.box is not None])
            box = _padded(line, box, others[page])
            result.append(BurnedBox(redaction, page, _within(document, page, box)))
    return sorted(result, key=lambda one: (one.page, one.box[1], one.box[0]))


def visible_words(document: Document, burned: Sequence[BurnedBox]) -> list[Word]:
    """The words that touch no box."""
    boxes = defaultdict[int, list[Box]](list)
    for one in burned:
        boxes[one.page].append(one.box)
    return [w for w in document.words if w.box is not None and not any(touches(w.box, box) for box in boxes[w.page])]


def _lines(words: Iterable[Word]) -> list[tuple[int, Box]]:
    """Page and box of each line of some words."""
    lines: list[tuple[int, Box]] = []
    for word in words:
        if word.box is None:
            continue
        if lines and lines[-1][0] == word.page and _same_line(lines[-1][1], word.box) and word.box[0] >= lines[-1][1][0]:
            lines[-1] = (word.page, _union([lines[-1][1], word.box]))
        else:
            lines.append((word.page, word.box))
    return lines


def _same_line(a: Box, b: Box) -> bool:
    """Whether two boxes overlap by half of the lower one's height."""
    common = min(a[3], b[3]) - max(a[1], b[1])
    return common > 0.5 * min(a[3] - a[1], b[3] - b[1])


def _as_high_as_the_line(line: Box, boxes: Iterable[Box]) -> Box:
    """The box with the top and bottom of all words of its line: its height does not tell whether a name has a "y"."""
    same = [box for box in boxes if _same_line(line, box)]
    return line[0], min([line[1], *(box[1] for box in same)]), line[2], max([line[3], *(box[3] for box in same)])


def _padded(words: Box, box: Box, others: Iterable[Box]) -> Box:
    """The box with its margin, as far as that touches no other word; at least the redacted words. words: their own box."""
    left, top, right, bottom = box[0] - MARGIN, box[1] - MARGIN, box[2] + MARGIN, box[3] + MARGIN
    right = left + STEP * math.ceil((right - left) / STEP)
    for other in others:
        if not touches((left, top, right, bottom), other) or touches(words, other):
            continue
        if other[0] >= words[2]:
            right = max(words[2], min(right, other[0]))
        elif other[2] <= words[0]:
            left = min(words[0], max(left, other[2]))
        elif other[1] >= words[3]:
            bottom = max(words[3], min(bottom, other[1]))
        elif other[3] <= words[1]:
            top = min(words[1], max(top, other[3]))
    return left, top, right, bottom


def _within(document: Document, page: int, box: Box) -> Box:
    width, height = document.sizes[page]
    return max(0.0, box[0]), max(0.0, box[1]), min(width, box[2]), min(height, box[3])


def _union(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
