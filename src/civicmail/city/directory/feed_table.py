"""Read a personnel system's own file: guess encoding and separator, and map its columns to ours. Pure.

A guess takes effect only after a person has seen the first lines on the page, or through a saved mapping.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.feed_file import COLUMNS, MAX_BYTES, MAX_LINES, REQUIRED, Feed, Refused, feed_of

FULL = "full"
"""A column with the whole name: "Family, Given" or "Given Family"."""
OUR_COLUMNS = (*COLUMNS, FULL)
DATES = {"iso": "2026-03-31", "mdy": "03/31/2026", "dmy": "31.03.2026"}
_DATE = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")
_SEPARATORS = ",;\t|"

_USUAL: Mapping[str, tuple[str, ...]] = {
    "uid": (
        "uid",
        "employee id",
        "employee number",
        "employee no",
        "emp no",
        "emp id",
        "emp number",
        "personnel no",
        "emplid",
        "empl id",
        "personnel number",
        "number",
        "person id",
        "id",
        "badge",
    ),
    "family": ("family", "last name", "lastname", "surname", "family name", "last"),
    "given": ("given", "first name", "firstname", "given name", "first", "preferred name"),
    "display": ("display", "display name", "known as"),
    FULL: ("name", "full name", "employee name", "employee"),
    "kind": ("kind", "employee type", "worker type", "type", "class", "employment type"),
    "department": (
        "department",
        "dept",
        "department code",
        "dept code",
        "deptid",
        "org unit",
        "organization",
        "division",
        "bureau",
    ),
    "position": ("position", "title", "job title", "job", "classification", "position title"),
    "supervisor": ("supervisor", "manager", "supervisor id", "manager id", "reports to"),
    "contract": ("contract", "contract number"),
    "starts": ("starts", "hire date", "start date", "date hired", "hired", "start"),
    "ends": ("ends", "end date", "termination date", "last day", "end"),
    "phone": ("phone", "telephone", "work phone", "phone number"),
    "language": ("language", "preferred language"),
    "address": (
        "address",
        "email",
        "e mail",
        "mail",
        "email address",
        "e mail address",
        "work email",
        "work e mail",
        "primary email",
        "primary smtp address",
        "primarysmtpaddress",
    ),
    "aliases": ("aliases", "alias", "other addresses", "other email addresses", "emailaddresses", "proxyaddresses"),
    "outside": ("outside", "personal e mail", "personal email", "home email"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """header: as in the file; rows: (number of the line, cells); encoding, separator: as guessed."""

    header: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str
    separator: str

    @property
    def key(self) -> list[str]:
        """The header by which files of the same source are recognized."""
        return [name.strip().lower() for name in self.header]

    @property
    def is_ours(self) -> bool:
        """Whether it has our own columns, as in docs/operate/people.md."""
        names = self.key
        known = set(names) <= set(COLUMNS) and set(REQUIRED) <= set(names) and len(set(names)) == len(names)
        return known and self.encoding == "UTF-8"


@dataclass(frozen=True, slots=True)
class Columns:
    """columns: theirs in lower case -> ours; kinds, departments: their values in lower case -> ours; dates: of DATES; kind: for
    everyone if no column states it."""

    columns: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    dates: str = "iso"
    kind: str = ""


def read(content: bytes) -> Table:
    """Raises Unusable for a file that is no table: too large, zero bytes, no CSV, no second line."""
    if len(content) > MAX_BYTES:
        raise Unusable(f"The file has {len(content) // 1_000_000} MB; a list of people has {MAX_BYTES // 1_000_000} at most.")
    text, encoding = _decoded(content)
    if "\0" in text:
        raise Unusable("The file has zero bytes: it is not a CSV file.")
    separator = _separator(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(lines, [])
        rows = [(number, cells) for number, cells in enumerate(lines, 2) if any(cell.strip() for cell in cells)]
    except csv.Error as problem:
        raise Unusable(f"Line {lines.line_num} is not CSV: {problem}.") from None
    if len(rows) > MAX_LINES:
        raise Unusable(f"The file has more than {MAX_LINES:,} lines.")
    if not any(cell.strip() for cell in header) or not rows:
        raise Unusable("The file has no people in it: the first line names the columns, the others are people.")
    return Table(_numbered(header), rows, encoding, separator)


def _numbered(header: Sequence[str]) -> list[str]:
    """Add numbers to repeated column names, so that each can be chosen."""
    before: set[str] = set()
    names = []
    for number, name in enumerate(header, 1):
        twice = name.strip().lower() in before
        before.add(name.strip().lower())
        names.append(f"{name.strip()} (column {number})" if twice else name)
    return names


def propose_mapping(header: Sequence[str]) -> dict[str, str]:
    """Theirs, in lower case -> ours, as far as the usual names go; each of ours once."""
    mapping: dict[str, str] = {}
    for ours, usual in _USUAL.items():
        for name in header:
            plain = " ".join(re.split(r"[\s_.#-]+", name.strip().lower())).strip()
            if plain in usual and name.strip().lower() not in mapping and ours not in mapping.values():
                mapping[name.strip().lower()] = ours
                break
    if FULL in mapping.values() and "family" in mapping.values():
        mapping = {theirs: ours for theirs, ours in mapping.items() if ours != FULL}
    return mapping


def mapping_error(mapping: Columns) -> str:
    """What is missing or duplicate in a mapping; "" if it is complete."""
    ours = list(mapping.columns.values())
    if twice := next((name for name in ours if ours.count(name) > 1), ""):
        return f"Two columns are {twice}; choose it for one of them."
    missing = [name for name in ("uid", "department") if name not in ours]
    missing += ["family"] if "family" not in ours and FULL not in ours else []
    missing += ["kind"] if "kind" not in ours and not mapping.kind else []
    return f"No column is {', '.join(missing)}: choose which one it is." if missing else ""


def feed(table: Table, mapping: Columns) -> Feed:
    """The list. A line with another number of fields, or an invalid day, is refused alone. Raises Unusable if a mapped column is
    missing, or the file has no people."""
    if wrong := mapping_error(mapping):
        raise Unusable(wrong)
    if missing := [name for name in mapping.columns if name not in table.key]:
        raise Unusable(f"The file has no column {missing[0]}; it is not the one that the mapping was made for.")
    places = [(table.key.index(theirs), ours) for theirs, ours in mapping.columns.items()]
    lines, refused = [], []
    for number, cells in table.rows:
        plain = {ours: cells[place].strip() for place, ours in places if place < len(cells)}
        try:
            if len(cells) != len(table.header):
                raise ValueError(f"The line has {len(cells)} fields and the first line {len(table.header)}.")
            lines.append((number, _ours(plain, mapping)))
        except ValueError as problem:
            refused.append(Refused(number, plain.get("uid", "")[:60], str(problem)))
    if not lines:
        raise Unusable(f"No line can be used. {refused[0].reason}" if refused else "The file has no people in it.")
    columns = (
        {ours for _, ours in places} - {FULL} | {"kind"} | ({"family", "given"} if FULL in mapping.columns.values() else set())
    )
    made = feed_of(frozenset(columns), lines)
    made.refused.extend(refused)
    return made


def _ours(plain: dict[str, str], mapping: Columns) -> dict[str, str]:
    if full := plain.pop(FULL, ""):
        left, comma, right = full.partition(",")
        given, family = (right, left) if comma else (full.rpartition(" ")[0], full.rpartition(" ")[2])
        plain["family"], plain["given"] = family.strip(), given.strip()
    kind, department = plain.get("kind", ""), plain.get("department", "")
    plain["kind"] = mapping.kinds.get(kind.lower(), kind) if kind else mapping.kind
    plain["department"] = mapping.departments.get(department.lower(), department)
    for column in ("starts", "ends"):
        if plain.get(column):
            plain[column] = _day(column, plain[column], mapping.dates)
    return plain


def _day(column: str, text: str, dates: str) -> str:
    """A day as ISO writes it; what follows a blank is a time and left out."""
    match = _DATE.fullmatch(text.split(" ")[0].split("T")[0])
    if match is None:
        raise ValueError(f"The field {column} is not a date like {DATES[dates]}.")
    first, second, third = match.groups()
    year, month, day = {"iso": (first, second, third), "mdy": (third, first, second), "dmy": (third, second, first)}[dates]
    if len(year) != 4:
        raise ValueError(f"The field {column} is not a date like {DATES[dates]}: the year has four digits.")
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise ValueError(
            f"The field {column} has {text[:20]}, and there is no such day; days are written {DATES[dates]}."
        ) from None


def _decoded(content: bytes) -> tuple[str, str]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise Unusable("The file begins like UTF-16 and is not.") from None
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        try:
            return content.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError:
            return content.decode("latin-1"), "Latin-1"


def _separator(text: str) -> str:
    """The separator that splits the first lines into the most fields, with the same number in each."""
    first = [line for line in text.splitlines()[:20] if line.strip()]

    def worth(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in first]
        return (sum(c == counts[0] for c in counts) if counts and counts[0] else 0, counts[0] if counts else 0)

    return max(_SEPARATORS, key=worth)
