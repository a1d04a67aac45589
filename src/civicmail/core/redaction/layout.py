"""The layout of a released PDF: JSON that the typesetter reads as data, never as markup (released.typ)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from civicmail.core.redaction.surviving import Piece

LINE = 90
"""Characters of a line of text; a longer word continues on the next line, so that nothing of it runs off the page."""
_COUNTED = re.compile(r"(.*?)([0-9]*)", re.DOTALL)

Run = str | dict[str, str]
"""Text, or {"label": text} of a redaction, or {"tab": ""}."""
Layout = dict[str, Any]


def layout(
    *,
    title: str,
    lang: str,
    number: str,
    paragraphs: Sequence[Sequence[Sequence[Run]]],
    tables: Sequence[Layout] = (),
) -> Layout:
    """number: of the first page; the digits at its end are counted up on the following ones. paragraphs: of lines of runs; tables:
    below them, each made by table()."""
    stem, digits = page_number(number)
    shown = {"title": title, "lang": lang, "stem": stem, "digits": digits, "paragraphs": paragraphs, "pages": []}
    return {**shown, "tables": list(tables)} if tables else shown


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Layout:
    """A table: its first column is text, the others are numbers. Each row has as many cells as the head."""
    return {"caption": caption, "head": list(head), "rows": [list(row) for row in rows]}


def page_number(number: str) -> tuple[str, str]:
    """What stands before the digits at the end of a number, and these."""
    parts = _COUNTED.fullmatch(number)
    assert parts is not None
    return parts[1], parts[2]


def page_numbers(number: str, pages: int) -> list[str]:
    """The numbers of all pages of a file."""
    stem, digits = page_number(number)
    if not digits:
        return [number] * pages
    return [f"{stem}{int(digits) + n:0{len(digits)}}" for n in range(pages)]


def spelled(character: str) -> str:
    """What is written in the place of a character that no font has."""
    return f"[U+{ord(character):04X}]"


def shown(words: Iterable[str], replaced: str) -> tuple[str, ...]:
    """Words as they are set."""
    table = {ord(character): spelled(character) for character in replaced}
    return tuple([word.translate(table) for word in words])


def paragraphs(pieces: Iterable[Piece]) -> list[list[list[Run]]]:
    """Paragraphs of lines of runs, broken where the document is."""
    result: list[list[list[Run]]] = [[[]]]
    for piece in pieces:
        if piece.is_label:
            result[-1][-1].append({"label": piece.text})
        else:
            for at in range(0, len(piece.text), LINE):
                if at:
                    result[-1].append([])
                _add(result[-1][-1], piece.text[at : at + LINE])
        if piece.gap == "\n\n":
            result.append([[]])
        elif piece.gap == "\n":
            result[-1].append([])
        elif piece.gap == "\t":
            result[-1][-1].append({"tab": ""})
        elif piece.gap:
            _add(result[-1][-1], " ")
    return result


def _add(line: list[Run], text: str) -> None:
    """Append text to the last run where that is text, too."""
    if line and isinstance(line[-1], str):
        line[-1] += text
    else:
        line.append(text)
