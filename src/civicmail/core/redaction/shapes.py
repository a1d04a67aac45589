"""The shapes of redaction: the words of a reviewed document, what is redacted in it, and the file that is derived from the rest.

A released file is made from the words of a Document only, and never by changing the original (docs/decisions/0123).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "pages", "sheet"]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in points, origin at the top left. In a sheet: column, row, column + 1, row + 1 of a cell; row -1 is its name."""


@dataclass(frozen=True, slots=True)
class Word:
    """text: without white space. page: from 0; of a workbook the sheet. box: None in a text document."""

    text: str
    page: int = 0
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The one reviewed representation of one part of a message. kind: text that is set again, pages that are rendered, or cells.

    gaps: the white space behind each word ("", " ", "\\n", "\\n\\n", "\\t"), as many as words; in a sheet "\\t" ends a cell and
    "\\n" a row.
    sizes: width and height of each page in points. hidden: sentences about what else the file holds, which is never released.
    """

    kind: Kind
    words: tuple[Word, ...]
    gaps: tuple[str, ...]
    sizes: tuple[tuple[float, float], ...] = ()
    hidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.gaps) != len(self.words):
            raise ValueError("every word needs the white space behind it")


@dataclass(frozen=True, slots=True)
class Redaction:
    """A numbered redaction under a code of the law: the words first to last, both included, or a box on a page."""

    number: int
    code: str
    first: int = -1
    last: int = -1
    page: int = 0
    box: Box | None = None

    def __post_init__(self) -> None:
        if self.box is None and not 0 <= self.first <= self.last:
            raise ValueError("a redaction covers words or a box")


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """A derived file. words: all that it shows: title, survivors and labels in order, then the numbers of its pages.

    boxes: (page, box) of each box that was burned. pages: how many it has, 0 where it has none. sources: (page, box) of each place
    that was to be burned (surviving.source_boxes), which whoever makes the file does not compute.
    """

    name: str
    media_type: str
    content: bytes
    words: tuple[str, ...]
    boxes: tuple[tuple[int, Box], ...] = ()
    pages: int = 0
    sources: tuple[tuple[int, Box], ...] = ()
