"""The sheet path: workbooks leave only as the cells that were reviewed, in a table of values for each sheet and as a list.

There is no formula, format, name, link or cache in what is released.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import groupby

from civicmail.core.redaction import layout
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.surviving import Piece, covering, label
from civicmail.core.redaction.text_path import released, set_layout

CSV = "text/csv"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")


@dataclass(slots=True)
class Cell:
    """A cell that is not empty: survivors and labels. row -1: the name of the sheet."""

    sheet: int
    row: int
    column: int
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(piece.text + piece.gap for piece in self.pieces).strip()

    @property
    def reference(self) -> str:
        """Such as B7."""
        letters, number = "", self.column + 1
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return f"{letters}{self.row + 1}"


def cells_of(document: Document, redactions: Iterable[Redaction]) -> list[Cell]:
    """Each cell in order. A redaction over several cells has its label in each of them."""
    covered = covering(document, redactions)
    cells: list[Cell] = []
    labeled: set[Redaction] = set()
    for n, (word, gap) in enumerate(zip(document.words, document.gaps, strict=True)):
        assert word.box is not None
        column, row = int(word.box[0]), int(word.box[1])
        if not cells or (cells[-1].sheet, cells[-1].row, cells[-1].column) != (word.page, row, column):
            cells.append(Cell(word.page, row, column))
            labeled = set()
        pieces = cells[-1].pieces
        if n not in covered:
            pieces.append(Piece(word.text, " " if gap else "", n))
            continue
        new = [redaction for redaction in covered[n] if redaction not in labeled]
        pieces += [Piece(label(redaction), " ", n, is_label=True) for redaction in new]
        labeled.update(new)
    return cells


def sheet_csv(document: Document, redactions: Sequence[Redaction], *, number: str) -> tuple[ReleasedFile, ...]:
    """A CSV file (RFC 4180) for each sheet. A cell that a spreadsheet would compute begins with an apostrophe."""
    sheets = [list(cells) for _, cells in groupby(cells_of(document, redactions), lambda cell: cell.sheet)]
    names = [f"{number}.csv"] if len(sheets) == 1 else [f"{number}-{n}.csv" for n in range(1, len(sheets) + 1)]
    return tuple([_csv(name, [cell for cell in cells if cell.row >= 0]) for name, cells in zip(names, sheets, strict=True)])


def sheet_pdf(document: Document, redactions: Sequence[Redaction], *, title: str, lang: str, number: str) -> ReleasedFile:
    """A tagged PDF that lists the cells by reference: a paragraph for each row, a line for each cell. Raises NotConverted."""
    shown: list[Piece] = []
    for _, row in groupby(cells_of(document, redactions), lambda cell: (cell.sheet, cell.row)):
        for cell in row:
            if cell.row >= 0:
                shown.append(Piece(cell.reference, "\t", cell.pieces[0].word))
            shown += cell.pieces[:-1]
            shown.append(_ending(cell.pieces[-1], "\n"))
        shown[-1] = _ending(shown[-1], "\n\n")
    result = set_layout(layout.layout(title=title, lang=lang, number=number, paragraphs=layout.paragraphs(shown)))
    return released([title, *(piece.text for piece in shown)], result, number)


def neutral(text: str) -> str:
    """A text that no spreadsheet computes."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _csv(name: str, cells: Sequence[Cell]) -> ReleasedFile:
    out = StringIO(newline="")
    writer = csv.writer(out)
    at = 0
    for row, group in groupby(cells, lambda cell: cell.row):
        values: list[str] = []
        for cell in group:
            values += [""] * (cell.column - len(values))
            values.append(neutral(cell.text))
        out.write("\r\n" * (row - at))
        writer.writerow(values)
        at = row + 1
    return ReleasedFile(name, CSV, out.getvalue().encode(), tuple(piece.text for cell in cells for piece in cell.pieces))


def _ending(piece: Piece, gap: str) -> Piece:
    return Piece(piece.text, gap, piece.word, piece.is_label)
