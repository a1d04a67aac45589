"""Read departments from a TOML or CSV file, with heads, deputies and addresses (docs/operate/people.md). Pure."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from civicmail.city.directory.errors import Unusable

COLUMNS = ("code", "name", "parent", "head", "deputies", "mailbox_cost", "addresses")
MAX_BYTES = 2_000_000
_LIST_COLUMNS = frozenset({"deputies", "addresses"})


@dataclass(frozen=True, slots=True)
class DepartmentEntry:
    """One department.
    None: not in the file, and unchanged. head, deputies: personnel numbers; mailbox_cost: cents a year; addresses: in lower case,
    or whole domains."""

    code: str
    name: str | None = None
    parent: str | None = None
    head: str | None = None
    deputies: tuple[str, ...] | None = None
    mailbox_cost: int | None = None
    addresses: tuple[str, ...] | None = None


def read(content: bytes, name: str = "") -> list[DepartmentEntry]:
    """The departments of a file, each once. TOML, by its name or its first line: tables [department.CODE], also those of a
    directory.toml; else CSV with its columns in the first line. Raises Unusable."""
    if len(content) > MAX_BYTES:
        raise Unusable(f"The file has more than {MAX_BYTES // 1_000_000} MB; a list of departments has not.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("The file is not UTF-8. Export it as UTF-8.") from None
    departments = _of_toml(text) if name.lower().endswith(".toml") or _is_toml(text) else _of_csv(text)
    if not departments:
        raise Unusable("The file has no departments in it.")
    codes = [department.code for department in departments]
    if twice := next((code for code in codes if codes.count(code) > 1), ""):
        raise Unusable(f"The department {twice} stands twice in the file.")
    return departments


def _is_toml(text: str) -> bool:
    """Whether the first significant line is TOML, which no column header resembles."""
    return re.match(r"(?:\s*(?:#[^\n]*)?\n)*\s*(?:\[|[\w.\"'-]+\s*=)", text) is not None


def _of_toml(text: str) -> list[DepartmentEntry]:
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"The file is not TOML: {error}. Mend it there; a department begins with [department.CODE].") from None
    except (RecursionError, ValueError):
        raise Unusable("The file is not TOML that lists departments: a value in it is too deep or too long.") from None
    departments = plain.pop("department", {})
    if plain or not isinstance(departments, Mapping):
        raise Unusable(f"The file has {min(plain, default='department')}; a department is a table [department.CODE].")
    return [_entry(code, table) for code, table in departments.items()]


def _of_csv(text: str) -> list[DepartmentEntry]:
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(lines, [])]
        if "code" not in header or len(set(header)) != len(header):
            raise Unusable(f"The first line names the columns, each once; code is needed. There are {', '.join(COLUMNS)}.")
        departments = []
        for number, cells in enumerate(lines, 2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise Unusable(f"Line {number} has {len(cells)} fields and the first line {len(header)}.")
            plain = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            departments.append(_entry(plain.pop("code"), {name: value for name, value in plain.items() if value}))
    except csv.Error as problem:
        raise Unusable(f"Line {lines.line_num} is not CSV: {problem}.") from None
    return departments


def _entry(code: str, table: Any) -> DepartmentEntry:
    if not isinstance(table, Mapping):
        raise Unusable(f"{code} is no table [department.{code}].")
    if unknown := set(table) - set(COLUMNS[1:]):
        raise Unusable(f"{code}: there is no {min(unknown)}; there are {', '.join(COLUMNS[1:])}.")
    plain: dict[str, Any] = {}
    for name, value in table.items():
        if name in _LIST_COLUMNS:
            plain[name] = _list(code, name, value)
        elif name == "mailbox_cost":
            if not re.fullmatch(r"[0-9]{1,12}", str(value)):
                raise Unusable(f"{code}: mailbox_cost is a whole number of cents a year.")
            plain[name] = int(value)
        elif not isinstance(value, str):
            raise Unusable(f"{code}: {name} is text.")
        else:
            plain[name] = " ".join(value.split())
    if "addresses" in plain:
        plain["addresses"] = tuple(dict.fromkeys(address.lower() for address in plain["addresses"]))
    return DepartmentEntry(code.strip().lower(), **plain)


def _list(code: str, name: str, value: Any) -> tuple[str, ...]:
    words: Iterable[Any] = re.split(r"[\s,;]+", value) if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Unusable(f"{code}: {name} is a list of texts, or one text with blanks between them.")
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
