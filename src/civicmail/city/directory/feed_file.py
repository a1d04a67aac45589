"""Read the personnel list from CSV, one line for each person who works for the city now (docs/operate/people.md). Pure.

An error of the whole file is one sentence, and nothing is read.
An error of a line refuses only that line; that person stays unchanged.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from civicmail.city.directory import feed_addresses
from civicmail.city.directory.errors import Unusable

COLUMNS = (
    "uid", "family", "given", "display", "kind", "department", "position", "supervisor", "contract", "starts", "ends", "phone",
    "language", "address", "aliases", "outside",
)  # fmt: skip
REQUIRED = ("uid", "family", "kind", "department")
KINDS = ("employee", "contractor", "vendor", "agent", "volunteer", "board", "elected")
MAX_BYTES = 20_000_000
MAX_LINES = 200_000
_LENGTH = {
    "uid": 60, "family": 80, "given": 80, "display": 160, "position": 120, "phone": 40, "language": 12, "department": 40,
    "outside": 600, "address": 254, "aliases": 4000,
}  # fmt: skip

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. supervisor: uid; contract: "agency/number"; dates: None for an empty column; aliases and outside: addresses in
    lower case, separated by blanks."""

    line: int
    uid: str
    family: str
    kind: str
    department: str
    given: str = ""
    display: str = ""
    position: str = ""
    supervisor: str = ""
    contract: str = ""
    starts: date | None = None
    ends: date | None = None
    phone: str = ""
    language: str = "en"
    address: str = ""
    aliases: str = ""
    outside: str = ""

    @property
    def shown(self) -> str:
        return self.display or f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be used, and why. uid: whom it seems to be about."""

    line: int
    uid: str
    reason: str


@dataclass(slots=True)
class Feed:
    """The content of a list. columns: those it has; others are not changed."""

    columns: frozenset[str] = field(default_factory=frozenset)
    rows: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def read(content: bytes) -> Feed:
    """Read a file. Raises Unusable for one that is too large, no UTF-8, without a header, or without the columns it needs."""
    if len(content) > MAX_BYTES:
        raise Unusable(f"The file has {len(content) // 1_000_000} MB; a list of people has {MAX_BYTES // 1_000_000} at most.")
    text = _text(content)
    if "\0" in text:
        raise Unusable("The file has zero bytes: it is not a CSV file.")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    feed = Feed()
    try:
        header = _header(next(lines, []))
        feed.columns = frozenset(header)
        for number, cells in enumerate(lines, 2):
            if number > MAX_LINES:
                raise Unusable(f"The file has more than {MAX_LINES:,} lines.")
            if any(cell.strip() for cell in cells):
                _take(feed, number, header, cells)
    except csv.Error as problem:
        raise Unusable(f"Line {lines.line_num} is not CSV: {problem}.") from None
    _refuse_twice(feed)
    if not feed.rows and not feed.refused:
        raise Unusable("The file has no people in it.")
    return feed


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        guess = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "Windows-1252 or Latin-1"
        raise Unusable(f"Line {line} is not UTF-8; the file is probably {guess}. Export it as UTF-8.") from None


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    if missing := [name for name in REQUIRED if name not in header]:
        raise Unusable(f"The first line names the columns; {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.")
    if unknown := [name for name in header if name not in COLUMNS]:
        raise Unusable(f"There is no column {unknown[0] or '(empty)'}; the columns are {', '.join(COLUMNS)}.")
    if len(set(header)) != len(header):
        raise Unusable("A column stands twice in the first line.")
    return header


def _take(feed: Feed, number: int, header: list[str], cells: list[str]) -> None:
    plain = dict(zip(header, (" ".join(cell.split()) for cell in cells), strict=False))  # a cell may have several lines
    uid = plain.get("uid", "")[:60]
    try:
        if len(cells) != len(header):
            raise ValueError(f"The line has {len(cells)} fields and the first line {len(header)}.")
        feed.rows.append(row_of(number, plain))
    except ValueError as problem:
        feed.refused.append(Refused(number, uid, str(problem)))


def feed_of(columns: frozenset[str], lines: Iterable[tuple[int, dict[str, str]]]) -> Feed:
    """A list from another source: (number, column -> text) of each person. An empty value counts as missing."""
    feed = Feed(columns)
    for number, plain in lines:
        if number > MAX_LINES:
            raise Unusable(f"The list has more than {MAX_LINES:,} people.")
        plain = {name: " ".join(value.split()) for name, value in plain.items()}
        try:
            feed.rows.append(row_of(number, plain))
        except ValueError as problem:
            feed.refused.append(Refused(number, plain.get("uid", "")[:60], str(problem)))
    _refuse_twice(feed)
    if not feed.rows and not feed.refused:
        raise Unusable("The list has no people in it.")
    return feed


def row_of(number: int, plain: dict[str, str]) -> Row:
    """One person from column -> text. Raises ValueError with the sentence."""
    for name in REQUIRED:
        if not plain.get(name):
            raise ValueError(f"The field {name} is empty.")
    for name, value in plain.items():
        if len(value) > _LENGTH.get(name, 200):
            raise ValueError(f"The field {name} has more than {_LENGTH.get(name, 200)} characters.")
        if not value.isprintable():
            raise ValueError(f"The field {name} has characters that cannot be printed.")
    kind = plain["kind"].lower()
    if kind not in KINDS:
        raise ValueError(f"There is no kind {plain['kind']}; kinds are {', '.join(KINDS)}.")
    if ":" in plain["uid"]:
        raise ValueError("A number has no colon: it would read as who acts for a program, or the owner of the data folder.")
    if "@" in (plain.get("display") or ""):
        raise ValueError("A display name has no @: it would read as another address.")
    if plain.get("supervisor") == plain["uid"]:
        raise ValueError("Nobody supervises themselves.")
    dates = {name: _date(name, plain.get(name, "")) for name in ("starts", "ends")}
    text = {name: value for name, value in plain.items() if name not in ("starts", "ends", "kind", "department")}
    text["language"] = text.get("language") or "en"
    text["outside"] = _addresses(text.get("outside", ""))
    text["address"], text["aliases"] = _own(text.get("address", ""), text.get("aliases", ""))
    return Row(line=number, kind=kind, department=plain["department"].lower(), **text, **dates)  # type: ignore[arg-type]  # by name


def _addresses(text: str) -> str:
    """Several have a blank, a comma or a semicolon between them."""
    addresses = sorted({address.lower() for address in re.split(r"[\s,;]+", text) if address})
    if wrong := next((address for address in addresses if not _ADDRESS.fullmatch(address)), ""):
        raise ValueError(f"The field outside has {wrong[:60]}, which is no address.")
    return " ".join(addresses)


def _own(address: str, aliases: str) -> tuple[str, str]:
    """The person's current addresses; whether they are the city's is checked later, with the whole list."""
    mine, others = feed_addresses.split_addresses(address), feed_addresses.split_addresses(aliases)
    if wrong := next((word for word in (*mine, *others) if not _ADDRESS.fullmatch(word)), ""):
        raise ValueError(f"{wrong[:60]} is not an e-mail address.")
    if len(mine) > 1:
        raise ValueError("The field address has several addresses; the others stand in the column aliases.")
    if len(others) > feed_addresses.MAX_ALIASES:
        raise ValueError(f"The field aliases has more than {feed_addresses.MAX_ALIASES} addresses.")
    return (mine or [""])[0], " ".join(sorted({*others} - {*mine}))


def _date(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"The field {name} is not a date like 2026-03-31.") from None


def _refuse_twice(feed: Feed) -> None:
    """Refuse contradicting lines about one person; identical lines count once."""
    places = defaultdict(list)
    feed.rows = list({replace(row, line=0): row for row in reversed(feed.rows)}.values())[::-1]
    for row in feed.rows:
        places[row.uid].append(row.line)
    twice = {uid: lines for uid, lines in places.items() if len(lines) > 1}
    for row in feed.rows:
        if row.uid in twice:
            named = " and ".join(str(n) for n in twice[row.uid][:5])
            feed.refused.append(Refused(row.line, row.uid, f"Lines {named} are about the same uid."))
    feed.rows = [row for row in feed.rows if row.uid not in twice]
