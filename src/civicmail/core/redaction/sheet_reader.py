"""Read the visible cells of workbooks and tables: what is displayed, and no formula. Only sandboxed processes import it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.redaction.shapes import Document, Word
from civicmail.core.redaction.words import counted, tokens
from civicmail.core.sandbox import spreadsheet
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_LARGE, Unreadable

MAX_CELLS = 2_000_000
_DELIMITERS = ",;\t|"
_REFERENCE = re.compile(r"[A-Z]+(\d+)")


@dataclass(slots=True)
class _Cells:
    """Words of cells as they are gathered."""

    words: list[Word] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    cells: int = 0

    def add(self, sheet: int, row: int, column: int, text: str) -> None:
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise Unreadable(TOO_LARGE)
        box = (float(column), float(row), column + 1.0, row + 1.0)
        for word, gap in tokens(text):
            self.words.append(Word(word, sheet, box))
            self.gaps.append(" " if gap else "")
        if self.gaps:
            self.gaps[-1] = "\t"

    def end_row(self) -> None:
        if self.gaps:
            self.gaps[-1] = "\n"

    def document(self, hidden: Iterable[str]) -> Document:
        return Document("sheet", tuple(self.words), tuple(self.gaps), hidden=tuple(hidden))


def read_workbook(content: bytes, archive: ZipArchive, names: Mapping[str, str], hidden: Iterable[str]) -> Document:
    """names: of the parts of a package, canonical -> as written."""
    unseen = _hidden_places(archive, names)
    cells, sentences = _Cells(), list(hidden)
    sheets = _read(content, cells, unseen)
    if sheets:
        sentences.insert(0, counted(sheets, "hidden sheet"))
    places = sum(len(place.rows) + len(place.columns) for place in unseen.values())
    if places:
        sentences.insert(0, f"{places} hidden rows or columns")
    return cells.document(sentences)


def read_old(content: bytes) -> Document:
    """A workbook of Excel 97 to 2003."""
    cells = _Cells()
    sheets = _read(content, cells, {})
    return cells.document([*([counted(sheets, "hidden sheet")] if sheets else []), "properties of the file"])


def read_csv(text: str, ending: str) -> Document:
    """A table of separated values; the separator is the one that its first line has most often."""
    first = text.partition("\n")[0]
    delimiter = "\t" if ending == "tsv" else max(_DELIMITERS, key=first.count)
    cells = _Cells()
    try:
        for number, row in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter)):
            for column, value in enumerate(row):
                if value.strip():
                    cells.add(0, number, column, value)
            cells.end_row()
    except csv.Error:
        raise Unreadable(DAMAGED) from None
    return cells.document(())


def _read(content: bytes, cells: _Cells, unseen: Mapping[str, _Places]) -> int:
    """Read the visible sheets, and return how many others there are."""
    hidden = 0
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        shown = 0
        for sheet in book.sheets_metadata:
            if sheet.visible is not SheetVisibleEnum.Visible:
                hidden += 1
                continue
            if sheet.typ is not SheetTypeEnum.WorkSheet:
                continue
            cells.add(shown, -1, 0, sheet.name)
            cells.end_row()
            opened = book.get_sheet_by_name(sheet.name)
            _rows(opened, shown, cells, unseen.get(sheet.name, _Places()))
            shown += 1
    except PasswordError:
        raise Unreadable(ENCRYPTED) from None
    except CalamineError:
        raise Unreadable(DAMAGED) from None
    return hidden


def _rows(sheet: CalamineSheet, number: int, cells: _Cells, unseen: _Places) -> None:
    start = getattr(sheet, "start", None) or (0, 0)
    for row, values in enumerate(sheet.to_python(skip_empty_area=True), start[0]):
        if row in unseen.rows:
            continue
        for column, value in enumerate(values, start[1]):
            if value != "" and column not in unseen.columns:
                cells.add(number, row, column, value if type(value) is str else spreadsheet.cell_text(value))
        cells.end_row()


@dataclass(slots=True)
class _Places:
    """Rows and columns of a sheet that are hidden, from 0."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)


def _hidden_places(archive: ZipArchive, names: Mapping[str, str]) -> dict[str, _Places]:
    """Name of each sheet of an Excel workbook -> what is hidden in it (ECMA-376 part 1, 18.3.1.13 and 18.3.1.73)."""
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets = {
        element.get("Id", ""): element.get("Target", "").removeprefix("/xl/").lower()
        for name, element in _elements(archive, names["xl/_rels/workbook.xml.rels"])
        if name == "Relationship"
    }
    result = {}
    for name, element in _elements(archive, names["xl/workbook.xml"]):
        if name != "sheet":
            continue
        part = names.get(f"xl/{targets.get(element.get('id', ''), '')}")
        if part is not None:
            result[element.get("name", "")] = _places(_elements(archive, part))
    return result


def _places(elements: Iterator[tuple[str, dict[str, str]]]) -> _Places:
    places = _Places()
    row = 0
    for name, element in elements:
        if name == "row":
            row = int(element.get("r", row + 1))
            if element.get("hidden") in ("1", "true"):
                places.rows.add(row - 1)
        elif name == "col" and element.get("hidden") in ("1", "true"):
            first, last = int(element.get("min", 1)), int(element.get("max", 1))
            places.columns.update(range(first - 1, min(last, 16_384)))
    return places


def _elements(archive: ZipArchive, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Local name and attributes of each element of a part; of an attribute with a namespace, its local name."""
    member = archive.get(name)
    found: list[tuple[str, dict[str, str]]] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        local = element.rpartition(" ")[2]
        if local in ("Relationship", "sheet", "row", "col"):
            found.append((local, {key.rpartition(" ")[2]: value for key, value in attributes.items()}))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.DefaultHandler = lambda _data: None  # keeps expat from expanding entities
    try:
        for piece in archive.read(member) if member is not None else ():
            parser.Parse(piece, False)
            yield from found
            found.clear()
    except expat.ExpatError:
        raise Unreadable(DAMAGED) from None
