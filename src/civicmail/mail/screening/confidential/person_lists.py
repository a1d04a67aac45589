"""Lists of people: at least five different rows of a table or lines of a text with a name and some data of that person.

Each row may be harmless alone (the last four digits, a birthday); a list is not. Below a heading a cell needs no words around it:
the heading explains the bare numbers of its column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from civicmail.mail.screening.confidential import cards, ssn
from civicmail.mail.screening.confidential.checksums import luhn
from civicmail.mail.screening.confidential.people import DATE
from civicmail.mail.screening.confidential.shapes import Detector, Hit, Text, each, lines

MIN_ROWS = 5
ROWS = 500_000
_PERSONAL = re.compile(
    r"\b(?:first|last|surname|full name|family name|employee|patient|resident|member|student|tenant|client|customer"
    r"|claimant|inmate"
    r"|nombre|apellido)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\bname\b", re.IGNORECASE)
_SSN = re.compile(r"\bssn|social ?sec|soc ?sec|\btin\b|\bss ?#", re.IGNORECASE)
_LAST_FOUR = re.compile(r"last ?(?:4|four)", re.IGNORECASE)
_BORN = re.compile(r"\bdob\b|birth|nacimiento", re.IGNORECASE)
_CARD = re.compile(r"\bcard|\bpan\b|credit|debit", re.IGNORECASE)
_NUMBERED = re.compile(r"driver'?s? lic|\bdln?\b|passport|medicare|medicaid|\bmrn\b|patient (?:id|no|num|#)", re.IGNORECASE)
_ACCOUNT = re.compile(r"\bacc(?:oun)?t\b", re.IGNORECASE)
"""Counts beside a person alone: ledgers have accounts with names, too."""

_FOUR = re.compile(r"(?:[x*]{3}-?[x*]{2}-?)?[0-9]{4}\Z", re.IGNORECASE)
_ID = re.compile(r"(?=.*[0-9]{4})[A-Z0-9 -]{5,24}\Z", re.IGNORECASE)
_NAME = re.compile(r"[> \t*-]{0,10}(?:[0-9]{1,4}[.)] {0,3})?([A-Z][A-Za-z'-]{1,20}(?:,? [A-Z][A-Za-z'.-]{0,20}){1,3})(?![A-Za-z])")
_OWN = re.compile(
    r"[*bdlsx](?<![0-9A-Za-z].)(?:(?:(?<=s)sn|(?<=l)ast ?(?:4|four)|(?<=x)xx-?xx-?|(?<=\*)\*{2}-?\*{2}-?)"
    r"[^0-9\n]{0,12}[0-9]{4}(?![0-9])"
    r"|(?:(?<=d)\.?o\.?b|(?<=b)(?:orn|irth))[^0-9\n]{0,12}[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{2,4})",
)
"""For lower-case text, like the next: both begin with a set of letters, so that the engine skips other text natively."""
_LONG = 160
"""Characters from the beginning of a line to what its name owns."""

_ABOUT_PEOPLE = re.compile(
    r"[abcdlmnpst](?<=\b.)(?:(?<=s)(?:sn|ocial ?sec|oc ?sec|s ?#)|(?<=t)in\b|(?<=l)ast ?(?:4|four)|(?<=b)irth|(?<=n)acimiento"
    r"|(?<=d)(?:ob\b|ate of birth|ebit|river'?s? lic|ln?\b)|(?<=c)(?:ard|redit)|(?<=a)cc(?:oun)?t\b|(?<=m)(?:edicare|edicaid|rn\b)"
    r"|(?<=p)(?:an\b|assport|atient (?:id|no|num|#)))"
)
"""For lower-case text: a line without one of these words is no heading of personal data."""

Cell = Callable[[str], tuple[str, str] | None]
"""A cell's text -> (kind, value) if it matches its heading; the kind is "" for data that counts only in a list."""


def _of_ssn(cell: str) -> tuple[str, str] | None:
    digits = re.sub("[ -]", "", cell)
    if not digits.isascii() or not digits.isdigit() or not 7 <= len(digits) <= 9:
        return ("", digits) if _FOUR.match(cell) else None
    digits = digits.zfill(9)  # spreadsheets drop the zeros in front
    return (
        ("ssn", digits) if ssn.is_ssn(digits) and digits not in ssn.SAMPLES else ("itin", digits) if ssn.is_itin(digits) else None
    )


def _of_card(cell: str) -> tuple[str, str] | None:
    digits = re.sub("[ -]", "", cell)
    good = digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and luhn(digits) and digits not in cards.SAMPLES
    return ("card", digits) if good and cards.brand(digits) else None


def _of_birth(cell: str) -> tuple[str, str] | None:
    return ("", cell) if DATE.match(cell) or re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) else None


def _of_four(cell: str) -> tuple[str, str] | None:
    return ("", cell) if _FOUR.match(cell) else None


def _of_id(cell: str) -> tuple[str, str] | None:
    return ("", cell) if _ID.match(cell) else None


_COLUMNS: tuple[tuple[re.Pattern[str], Cell], ...] = (
    (_LAST_FOUR, _of_four), (_SSN, _of_ssn), (_BORN, _of_birth), (_CARD, _of_card), (_NUMBERED, _of_id),
)  # fmt: skip
_ALONE = _COLUMNS[:4]
"""Patterns that are searched below a heading on a line of its own."""

_CELL = 40


def _find(text: Text) -> Iterator[Hit]:
    yield from _tables(text)
    yield from _columns(text)
    first = -1
    people: dict[tuple[str, str], int] = {}
    for own in each(_OWN, replace(text, text=text.text.lower())):
        line = text.text.rfind("\n", max(0, own.start() - _LONG), own.start()) + 1
        name = _NAME.match(text.text, line, own.start()) if line or own.start() <= _LONG else None
        if name is not None:
            people[name[1].lower(), own[0].lower()] = own.end()
            first = min(first, line) if first >= 0 else line
    if len({name for name, _ in people}) >= MIN_ROWS:
        yield Hit("bundle", first, max(people.values()), repr(min(people)), "high", shown=False, people=len(people))


@dataclass(slots=True)
class _Table:
    """A heading and what came below it. by: what parts the cells; name: the column of names, -1 without; columns: what to look for
    in which; rows: those with a name and something of its owner; seen, fitting: rows at all, and those with something; missed:
    lines since the last that had its width."""

    by: str
    width: int
    name: int
    columns: tuple[tuple[int, Cell], ...]
    start: int = 0
    end: int = 0
    rows: set[tuple[str, ...]] = field(default_factory=set)
    seen: int = 0
    fitting: int = 0
    missed: int = 0

    def row(self, line: str, position: int) -> Iterator[Hit]:
        """Take in the next line."""
        cells = line.split(self.by)
        if not self.width <= len(cells) <= self.width + 3:
            self.missed += 1
            return
        self.missed, self.end = 0, position + len(line)
        self.seen += 1
        starts = [position]
        for cell in cells[:-1]:
            starts.append(starts[-1] + len(cell) + len(self.by))
        recognized = [(n, reading) for n, of in self.columns if (reading := of(cells[n].strip(" \"'"))) is not None]
        self.fitting += bool(recognized)
        for n, (kind, value) in recognized:
            if kind:
                yield Hit(kind, starts[n], starts[n] + max(1, len(cells[n])), value, "high")
        named = cells[self.name].strip(" \"'") if self.name >= 0 else ""
        if recognized and any(c.isalpha() for c in named):
            self.rows.add((named.lower(), *(value for _, (_, value) in recognized)))

    def hits(self) -> Iterator[Hit]:
        """Hits at the end of a table: prose with commas matches in places, a table in most of its rows."""
        if len(self.rows) >= MIN_ROWS and 2 * self.fitting >= self.seen:
            yield Hit("bundle", self.start, self.end, repr(min(self.rows)), "high", shown=False, people=len(self.rows))


def _tables(text: Text) -> Iterator[Hit]:
    heads = _heads(text)
    if not heads:
        return
    position = min(heads)
    table: _Table | None = None
    for line in lines(replace(text, text=text.text[position:]), ROWS):
        heading = _heading(line) if position in heads else None
        if table is not None and (heading is not None or table.missed > _GAP):
            yield from table.hits()
            table = None
        if heading is not None:
            table = heading
            table.start = table.end = position
        elif table is not None:
            yield from table.row(line, position)
        position += len(line) + 1
    if table is not None:
        yield from table.hits()


_GAP = 3
"""Lines between two rows of a table."""


def _columns(text: Text) -> Iterator[Hit]:
    """Tables with one cell a line, as HTML and Word produce them: value lines below a heading line. There must be five, because
    nothing shows which row they belong to."""
    position = idle = 0
    names = set[str]()
    columns: dict[Cell, dict[str, tuple[str, int, int]]] = {}
    for line in lines(text, ROWS):
        cell = line.strip()
        if 0 < len(cell) <= _CELL:
            start = position + line.index(cell)
            if heads := [of for words, of in _ALONE if of not in columns and words.search(cell) and not _DIGIT.search(cell)]:
                columns |= {of: {} for of in heads}
                idle = 0
            for of, values in columns.items():
                if (reading := of(cell)) is not None:
                    values.setdefault(reading[1], (reading[0], start, start + len(cell)))
                    idle = 0
            if columns and _NAME.fullmatch(cell):
                names.add(cell)
        position += len(line) + 1
        idle += 1
        if columns and idle > _IDLE:
            yield from _of_columns(columns, names)
            columns, names = {}, set()
    yield from _of_columns(columns, names)


_DIGIT = re.compile(r"[0-35-9]")
_IDLE = 60
"""Lines without a value after which a column is over."""


def _of_columns(columns: dict[Cell, dict[str, tuple[str, int, int]]], names: set[str]) -> Iterator[Hit]:
    for values in columns.values():
        if len(values) >= MIN_ROWS:
            yield from (Hit(kind, start, end, value, "high") for value, (kind, start, end) in values.items() if kind)
            if len(names) >= MIN_ROWS:
                first, last = min(at for _, at, _ in values.values()), max(end for _, _, end in values.values())
                yield Hit("bundle", first, last, repr(min(names)), "high", shown=False, people=min(len(values), len(names)))


def _heads(text: Text) -> set[int]:
    """Where lines begin that may head a table."""
    heads: set[int] = set()
    line = last = 0
    for m in each(_ABOUT_PEOPLE, replace(text, text=text.text.lower())):
        line = text.text.rfind("\n", last, m.start()) + 1 or line
        last = m.start()
        heads.add(line)
    return heads


def _heading(line: str) -> _Table | None:
    """The table that a line heads."""
    if len(line) > 4000:
        return None
    by = next((by for by in ("\t", ";", "|", ",") if line.count(by) >= 1), None)
    if by is None:
        return None
    cells = [c.strip(" \"'") for c in line.split(by)]
    if any(len(c) > 60 or any(d.isdigit() for d in c.replace("4", "")) for c in cells):
        return None
    of_people = any(_PERSONAL.search(c) for c in cells)
    looked_for = (*_COLUMNS, (_ACCOUNT, _of_id)) if of_people else _COLUMNS
    seen: dict[int, Cell] = {}
    for n, c in enumerate(cells):
        for words, cell in looked_for:
            if words.search(c):
                seen.setdefault(n, cell)
    name = next((n for n, c in enumerate(cells) if n not in seen and (_PERSONAL.search(c) or _NAMED.search(c))), -1)
    return _Table(by, len(cells), name, tuple(seen.items())) if seen else None


FAMILY = (
    Detector(
        "bundle",
        (
            r"\bssn|social ?sec|soc ?sec|\btin\b|\bss ?#|last ?(?:4|four)|\bdob\b|birth|\bborn\b|nacimiento|xxx-?xx"
            r"|\*\*\*-?\*\*|\bcard ?(?:no|num|#)|[,;|\t] ?\"?(?:credit |debit )?card"
            r"|\bacc(?:oun)?t\b|driver'?s? lic|passport|medicare|medicaid|\bmrn\b",
        ),
        _find,
    ),
)
