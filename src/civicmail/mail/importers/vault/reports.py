"""Read Vault's own reports of an export: messages written per account, and what could not be exported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple
from xml.parsers import expat

from civicmail.mail.importers.vault.files import UTF_16, Unreadable, reading, rows
from civicmail.mail.importers.vault.metadata import ENTITIES

MAX_LISTED = 10_000  # errors of one file
_MAX_LENGTH = 500
_MAX_DEPTH = 50
_MAX_VALUES = 100
_PIECE = 1 << 16
_FRAME = frozenset({"Root", "Batch", "Documents"})


class Counted(NamedTuple):
    """Messages that Vault wrote for an account, and its note about those that it did not."""

    account: str
    written: int
    trouble: str


def counts(path: str) -> Iterator[Counted]:
    """Every account of a NAME-result-counts.csv, without the row of sums. Raises Unreadable."""
    with reading(path) as file:
        for _, row in rows(file):
            account = next((cell.strip().lower() for cell in (row or {}).values() if "@" in cell), "")
            if row is None or not account:
                continue
            numbers = [cell.strip() for cell in row.values() if cell.strip().isdecimal()]
            written = row.get("successcount", "").strip()
            status, wrong = row.get("accountstatus", "").strip(), row.get("messageerrorcount", "").strip()
            trouble = [status] if status.lower() not in {"", "success"} else []
            trouble += [f"{wrong} messages not exported"] if wrong.isdecimal() and int(wrong[:9]) else []
            number = written if written.isdecimal() else next(iter(numbers), "")
            if number:
                yield Counted(account, int(number[:18]), ", ".join(trouble)[:_MAX_LENGTH])


def errors(path: str) -> Iterator[str]:
    """Each error of an error file, as one line. Raises Unreadable."""
    with reading(path) as file:
        errors_ = _of_xml(file) if path.lower().endswith(".xml") else _of_csv(file)
        for number, error in enumerate(errors_):
            if number == MAX_LISTED:
                yield "there are more, which are not listed"
                return
            yield error


def _of_csv(file: IO[bytes]) -> Iterator[str]:
    for line, row in rows(file):
        yield _line(row.items()) if row else f"line {line} cannot be read"


def _of_xml(file: IO[bytes]) -> Iterator[str]:
    """Read XML without a published schema: an element with text or attributes is a value of the element around it, and each element
    with values is a line."""
    reader = _Errors()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.declares
    try:
        while piece := file.read(_PIECE):
            if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise Unreadable(UTF_16)
            parser.Parse(piece, False)
            yield from reader.taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from reader.taken()
        raise Unreadable(f"it is damaged in line {error.lineno}") from None
    yield from reader.taken()


class _Open(NamedTuple):
    """An open element. values: of it and its children; texts: its own characters."""

    name: str
    attributes: dict[str, str]
    values: list[tuple[str, str]]
    texts: list[str]

    def is_record(self) -> bool:
        """Whether its attributes describe an error and not the whole file."""
        return bool(self.attributes) and self.name not in _FRAME


class _Errors:
    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._lines: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise Unreadable("its elements are nested too deep")
        self._open.append(_Open(name, attributes, [], []))

    def text(self, piece: str) -> None:
        texts = self._open[-1].texts
        if len(texts) < _MAX_VALUES:
            texts.append(piece[:_MAX_LENGTH])

    def end(self, _: str) -> None:
        element = self._open.pop()
        around = self._open[-1] if self._open else _Open("", {}, [], [])
        text = "".join(element.texts).strip()
        tag = [(element.attributes["TagName"], element.attributes.get("TagValue", ""))] if "TagName" in element.attributes else []
        values = tag or [
            *(element.attributes.items() if element.is_record() else ()),
            *element.values,
            *([(element.name, text)] if text else []),
        ]
        single = not element.is_record() and not element.values
        if tag or any(element.is_record() for element in self._open) or (single and self._open):
            around.values.extend(values[: _MAX_VALUES - len(around.values)])
        elif values:
            self._lines.append(_line(values))

    def taken(self) -> list[str]:
        """The lines since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def declares(self, *_: object) -> None:
        raise Unreadable(ENTITIES)


def _line(pairs: Iterable[tuple[str, str]]) -> str:
    shown = [f"{name} {' '.join(value.split())}" for name, value in pairs if value.strip()]
    return "; ".join(shown)[:_MAX_LENGTH]
