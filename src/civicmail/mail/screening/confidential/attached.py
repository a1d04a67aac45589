"""What files say, as far as a budget for the whole message goes: office documents, PDF, tables, archives. Without OCR.

Spreadsheets are read by cells with the empty ones, so that what stands below a heading is under it.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from civicmail.core.message.shapes import Part
from civicmail.core.sandbox import reading, sniff
from civicmail.core.sandbox.errors import TOO_LARGE, TOO_LONG, Spent

SECONDS = 2.0
"""Of the processor, for all files of a message."""

BYTES = 5 << 20
CHARACTERS = 4 << 20
UNREAD = frozenset({TOO_LARGE, TOO_LONG})
"""Reasons that are this budget's and not the file's."""

SHEETS = 32 << 20
"""Bytes of XML of a spreadsheet: calamine holds all cells and cannot be interrupted."""


class Budget:
    """What is left for the files of a message."""

    def __init__(self, seconds: float = SECONDS, size: int = BYTES, characters: int = CHARACTERS) -> None:
        self._until = time.process_time() + seconds
        self._bytes = size
        self.characters = characters

    @property
    def seconds(self) -> float:
        return self._until - time.process_time()

    def takes(self, size: int) -> bool:
        """Whether a file of so many bytes is still read; it is counted."""
        self._bytes -= size
        return self._bytes >= 0 and self.seconds > 0 and self.characters > 0


def read(part: Part, budget: Budget) -> tuple[list[tuple[str, bool]], str]:
    """The texts of a file, each with whether it is a table, and why not all of it could be read, "" where it was."""
    if not part.content:
        return [], ""
    if not budget.takes(len(part.content)):
        return [], TOO_LARGE
    if (cells := _sheets(part.content, budget)) is not None:
        return [(sheet, True) for sheet in cells], ""
    taken = _Taken(budget)
    reading.read(part.content, taken, seconds=max(0.05, budget.seconds))
    return [("\n".join(taken.texts), False)], taken.why


class _Taken:
    """Takes what a reader finds (core/sandbox/case.py, Out)."""

    def __init__(self, budget: Budget) -> None:
        self.texts: list[str] = []
        self.why = ""
        self._budget = budget

    def text(self, text: str) -> None:
        self._budget.characters -= len(text)
        if self._budget.characters < 0:
            raise Spent(TOO_LARGE)
        self.texts.append(text)

    def picture(self, data: bytes) -> None:
        """Pictures are not looked into."""

    def unreadable(self, path: str, why: str) -> None:
        self.why = self.why or why


def _sheets(content: bytes, budget: Budget) -> list[str] | None:
    """The sheets of a spreadsheet of XML as rows of cells; None for another file, and for one that is read as it stands."""
    if sniff.kind(content) != "zip":
        return None
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            xml = [i.file_size for i in archive.infolist() if i.filename.startswith(("xl/worksheets/", "xl/sharedStrings"))]
        if not xml or sum(xml) > SHEETS:
            return None
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return ["\n".join(_rows(book, name, budget)) for name in book.sheet_names]
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError, NotImplementedError):
        return None


def _rows(book: CalamineWorkbook, name: str, budget: Budget) -> Iterator[str]:
    for row in book.get_sheet_by_name(name).iter_rows():
        line = "\t".join([_said(cell) for cell in row])
        budget.characters -= len(line)
        if budget.characters < 0:
            return
        yield line


def _said(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\t", " ").replace("\n", " ")
