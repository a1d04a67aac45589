"""Positions of values in a TOML file, for error messages: tomllib does not give them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"(\s*)([A-Za-z0-9_-]+|\"[^\"]*\")\s*=\s*")
_QUOTES = ('"""', "'''", '"', "'")


@dataclass(frozen=True, slots=True)
class Position:
    """line: from 1; column: of the value's first character, from 1; exact: how the value is written is how it reads, so that an
    offset in it is a place in the file."""

    line: int
    column: int = 1
    exact: bool = False


@dataclass(slots=True)
class TomlTable:
    """One [[rule]], [[rule.example]] or other table: its start, and the places of its keys."""

    name: str
    line: int
    keys: dict[str, Position] = field(default_factory=dict)

    def position(self, key: str) -> Position:
        return self.keys.get(key, Position(self.line))


def tables(text: str) -> list[TomlTable]:
    """The tables of a file that tomllib has read, in order."""
    result: list[TomlTable] = [TomlTable("", 1)]
    open_quote = ""
    for number, line in enumerate(text.split("\n"), 1):
        if open_quote:
            if line.count(open_quote) % 2:
                open_quote = ""
            continue
        if header := _HEADER.match(line):
            result.append(TomlTable(re.sub(r"\s", "", header[1]), number))
        elif key := _KEY.match(line):
            result[-1].keys[key[2].strip('"')], open_quote = _value(line, key.end(), number)
    return result


def _value(line: str, start: int, number: int) -> tuple[Position, str]:
    """The place of a value, and the quotes of a multi-line text."""
    quote = next((q for q in _QUOTES if line.startswith(q, start)), "")
    inside = start + len(quote)
    rest = line[inside:]
    opened = quote if len(quote) == 3 and quote not in rest else ""
    exact = quote in ("'", "'''") or (quote != "" and "\\" not in rest)
    if opened and not rest.strip():
        return Position(number + 1, 1, exact), opened
    return Position(number, inside + 1, exact), opened


def line_and_column(place: Position, text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset in a value at a place; column 0 if unknown."""
    before = text[:offset]
    lines = before.count("\n")
    if not place.exact:
        return place.line, 0
    return place.line + lines, offset - before.rfind("\n") if lines else place.column + offset
