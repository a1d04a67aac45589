"""Cells of a spreadsheet, one row a line, by calamine (xlsx, xlsb, xls)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, Unreadable
from civicmail.core.sandbox.extraction import Extraction

LARGEST = 64 << 20  # bytes of the sheets' XML for which calamine may hold all cells
_ROWS = 200


def cells(file: BytesIO, extraction: Extraction) -> None:
    """Raises Unreadable."""
    try:
        book = CalamineWorkbook.from_filelike(file)
        for name in book.sheet_names:
            extraction.text(name)
            held: list[str] = []
            for row in book.get_sheet_by_name(name).iter_rows():
                held.append("\t".join([cell if type(cell) is str else cell_text(cell) for cell in row if cell != ""]))
                if len(held) == _ROWS:
                    extraction.text("\n".join(held))
                    held = []
            extraction.text("\n".join(held))
    except PasswordError:
        raise Unreadable(ENCRYPTED) from None
    except CalamineError:
        raise Unreadable(DAMAGED) from None


def cell_text(cell: Any) -> str:
    """A cell that is no text: a number, a date, a truth value."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
