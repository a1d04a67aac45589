"""Line numbers of keys in a TOML file. tomllib gives values only, and an error message needs the line."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_HEADER = re.compile(r"\s*(\[{1,2})\s*(.+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")

At = tuple[str | int, ...]


def line_of(text: str, at: At) -> int:
    """The line (from 1) of the key at this path, else of the nearest table around it, 0 when nothing of it is there.

    Whole numbers in the path count the tables of an array ([[…]]). A line inside a multi-line string may be taken for a key; the
    answer is for people.
    """
    best, best_depth = 0, 0
    table: At = ()
    counts: dict[At, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        here: At | None = None
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            here = table
        elif key := _KEY.match(line):
            here = (*table, *_parts(key[1]))
        if here is not None and here == at[: len(here)] and len(here) > best_depth:
            best, best_depth = number, len(here)
        elif header and best_depth < len(at) and here is not None and here[: len(at)] == at and not best:
            best = number  # [gatewai.x] has the place of gatewai
    return best


def _parts(key: str) -> At:
    """The parts of a dotted key."""
    try:
        table: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return (key,)
    parts: list[str | int] = []
    while isinstance(table, dict):
        ((name, table),) = table.items()
        parts.append(name)
    return tuple(parts)
