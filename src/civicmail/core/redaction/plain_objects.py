"""Inspect released text files: plain text, JSON and CSV. Only sandboxed processes import it."""

from __future__ import annotations

import csv
import re
from io import StringIO

from civicmail.core.redaction.inspection import Finding, Inspection, InspectText, Part
from civicmail.core.sandbox.errors import DAMAGED, Unreadable

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")


def inspect_text(content: bytes, request: InspectText) -> Inspection:
    """What a text file may not have, and its text."""
    try:
        text = content.decode("utf-8-sig").translate(dict.fromkeys(map(ord, request.signs), " "))
    except UnicodeDecodeError:
        raise Unreadable(DAMAGED) from None
    codes = ["control-characters"] if _CONTROL.search(text) else []
    if request.is_table and any(_is_formula(cell) for row in csv.reader(StringIO(text)) for cell in row):
        codes.append("formula")
    return Inspection([Finding(code) for code in codes], texts=[Part("the text", text)])


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute the cell."""
    return bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell)
