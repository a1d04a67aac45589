"""Extract the text of files within a budget for the whole message: office documents, PDF, tables, archives; the first 5 MB of
texts. scans.py reads pictures; here they are only counted.

Spreadsheets are read by cells, including empty ones, so that a value stays below its heading.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from civicmail.core.archives import budget as archive_budget
from civicmail.core.archives.errors import TOO_LARGE, TOO_LONG, Spent, Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype.identify import identify
from civicmail.core.message.model import Part
from civicmail.core.sandbox import readers

SECONDS = 2.0
"""Processor time in seconds for all files of a message."""

BYTES = 5 << 20
"""Bytes of a text that are read; containers are opened completely, until the time is over."""
CHARACTERS = 12 << 20
"""Of all files of a message."""
_TEXTS = frozenset({"text", "html", "rtf"})

SHEETS = 32 << 20
"""Bytes of XML of a spreadsheet: calamine holds all cells and cannot be interrupted."""


class Budget:
    """The rest of the budget for the files of a message. pictures: how many may contain words."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._until = time.process_time() + seconds
        self.characters = CHARACTERS
        self.pictures = 0

    @property
    def seconds(self) -> float:
        return self._until - time.process_time()

    @property
    def why_not(self) -> str:
        """Why no further file is read, "" while one is."""
        return TOO_LARGE if self.characters <= 0 else TOO_LONG if self.seconds <= 0 else ""

    def cut(self, content: bytes) -> tuple[bytes, str]:
        """As much of a text as is read, and why that is not all."""
        most = max(0, min(BYTES, self.characters))
        return (content[:most], TOO_LARGE) if len(content) > most else (content, "")


def read(part: Part, budget: Budget) -> tuple[list[tuple[str, bool]], str]:
    """The texts of a file, each with whether it is a table, and why not all of it could be read, "" where it was."""
    if not part.content:
        return [], ""
    if why := budget.why_not:
        return [], why
    content, cut = budget.cut(part.content) if identify(part.content).reading in _TEXTS else (part.content, "")
    cells = _sheets(content, budget)
    taken = _Taken(budget)
    readers.read(content, taken, seconds=max(0.05, budget.seconds), cells=cells is None)
    tables = [(sheet, True) for sheet in cells or ()]
    return [*tables, ("\n".join(taken.texts), False)], cut or taken.why


class _Taken:
    """Takes what a reader finds (core/sandbox/extraction.py, Out)."""

    def __init__(self, budget: Budget) -> None:
        self.texts: list[str] = []
        self.why = ""
        self._budget = budget

    def text(self, text: str) -> None:
        left = self._budget.characters
        self._budget.characters -= len(text)
        self.texts.append(text[: max(0, left)])
        if self._budget.characters < 0:
            raise Spent(TOO_LARGE)

    def picture(self, data: bytes) -> None:
        self._budget.pictures += 1

    def unreadable(self, path: str, why: str) -> None:
        self.why = self.why or why


def _sheets(content: bytes, budget: Budget) -> list[str] | None:
    """The sheets of an XML spreadsheet as rows of cells; None for another file, and for one that is read as plain text."""
    if identify(content).name != "zip":
        return None
    try:
        with ZipArchive(BytesIO(content), archive_budget.Budget()) as archive:
            xml = [member.size for member in archive.members() if member.name.startswith(("xl/worksheets/", "xl/sharedStrings"))]
        if not xml or sum(xml) > SHEETS:
            return None
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return ["\n".join(_rows(book, name, budget)) for name in book.sheet_names]
    except (Unreadable, CalamineError, OSError, ValueError):
        return None


def _rows(book: CalamineWorkbook, name: str, budget: Budget) -> Iterator[str]:
    for row in book.get_sheet_by_name(name).iter_rows():
        line = "\t".join([_cell_text(cell) for cell in row])
        budget.characters -= len(line)
        if budget.characters < 0:
            return
        yield line


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\t", " ").replace("\n", " ")
