"""Compare the audit log table with the journal records, both ways (A3).

The table is read as it lies, because whoever writes to the database may write anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Max

from civicmail.city.guard.actions.entries import COLUMNS, MAX_LAG_MS, SETTLED_AFTER_MS
from civicmail.city.guard.comparison_result import Difference
from civicmail.city.guard.models import Entry
from civicmail.core.ledger.recorded_entries import RecordedEntry

BATCH_SIZE = 1_000
_UUID = re.compile(r"[0-9a-f]{32}")
_ROWS = """
SELECT e.uuid, e.id, e.head, c.journal, c.number, {columns}
FROM access_entry e LEFT JOIN access_carried c ON c.entry_id = e.id
WHERE {after} ORDER BY e.uuid, e.id LIMIT {most}
"""
_GUARDS = ("no_update", "no_delete", "no_replace")
GUARDED = ("access_entry", "access_carried")
Followed = Callable[[str, int], bool]
"""Whether what follows journals has passed this record, so that a row was written of it where there was none."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The table before records were read: what came later is compared the next time. waiting: ids of rows that have no place; late:
    those among them that had a turn to get one."""

    newest: int
    waiting: frozenset[int]
    late: frozenset[int]


@dataclass(slots=True)
class Comparison:
    """entries: rows that were compared; pending: that are too young to say anything of."""

    entries: int = 0
    pending: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """uuid: 32 hexadecimal digits, "" where it is none; place: journal and number, or None; columns: as COLUMNS."""

    uuid: str
    pk: int
    head: bytes
    place: tuple[str, int] | None
    columns: tuple[Any, ...]


def take_baseline(earlier: frozenset[int] | None = None) -> Baseline:
    """Call this before the records are read. earlier: ids that waited at the comparison before; None: by their age alone."""
    newest = Entry.objects.aggregate(newest=Max("pk"))["newest"] or 0
    waiting = frozenset(Entry.objects.filter(carried__isnull=True).values_list("pk", flat=True)[:100_000])
    return Baseline(newest, waiting, waiting if earlier is None else waiting & earlier)


def followed_from(positions: Mapping[str, int], retired: Mapping[str, int]) -> Followed:
    """Whoever follows the journals: where it has come to, or where it begins when it has come nowhere yet."""
    reached = positions or retired
    return lambda journal, number: number <= reached.get(journal, 0)


def compare(expected: Iterable[RecordedEntry], known: Baseline, followed: Followed, compared: Followed, *, now: int) -> Comparison:
    """What differs. expected: by uuid; compared: whether an earlier comparison had read a record, since when its row must have got
    its place; now: ms. Raises DatabaseError."""
    comparison = Comparison()
    comparison.differences += [Difference("unprotected", text) for text in unprotected()]
    table = _Table(comparison, known, now)
    for recorded in expected:
        row = table.at(recorded.uuid)
        if row is not None:
            is_new = now - recorded.at <= 2 * SETTLED_AFTER_MS or not any(compared(*place) for place in recorded.places)
            _compare(row, recorded, comparison, is_new)
        elif not any(followed(*place) for place in recorded.places):
            comparison.pending += 1
        else:
            text = f"The entry {_name(recorded)} is not in the table any more: it was removed."
            comparison.differences.append(Difference("removed", text, recorded.uuid, 0, *recorded.places[0]))
    table.rest()
    return comparison


class _Table:
    """Goes through the rows by uuid, beside whoever asks for ascending ones; a row that nobody asks for is in no journal."""

    def __init__(self, comparison: Comparison, known: Baseline, now: int) -> None:
        self._comparison = comparison
        self._known = known
        self._now = now
        self._rows = _rows()
        self._next = next(self._rows, None)
        self._last = ""

    def at(self, uuid: str) -> _Row | None:
        """The row with this uuid."""
        while self._next is not None and self._next.uuid < uuid:
            self._alone(self._step(self._next))
        if self._next is None or self._next.uuid != uuid:
            return None
        row = self._step(self._next)
        self._last = uuid
        return row

    def rest(self) -> None:
        while self._next is not None:
            self._alone(self._step(self._next))

    def _step(self, row: _Row) -> _Row:
        self._next = next(self._rows, None)
        self._comparison.entries += 1
        return row

    def _alone(self, row: _Row) -> None:
        is_young = self._now - MAX_LAG_MS < _number(row.columns[0]) <= self._now + MAX_LAG_MS
        is_early = is_young or row.place is not None or row.pk not in self._known.late
        if row.pk > self._known.newest or (row.pk in self._known.waiting and is_early):
            self._comparison.pending += 1  # the next comparison sees it
        elif row.uuid and row.uuid == self._last:
            self._report(row, "is there a second time under the same number: one of them is invented")
        elif row.place is None:
            self._report(row, "has not come to any journal for more than a minute")
        else:
            self._report(row, f"is in no journal, though the table says {row.place[0]}:{row.place[1]}: it is invented")

    def _report(self, row: _Row, what: str) -> None:
        self._comparison.differences.append(
            Difference("unrecorded", f"Row {row.pk} of the table of entries {what}.", row.uuid, row.pk)
        )


def _compare(row: _Row, recorded: RecordedEntry, comparison: Comparison, is_new: bool) -> None:
    """Say what differs between a row and the records of the same uuid. is_new: whether it may have no place yet."""

    def say(what: str) -> None:
        text = f"The entry {_name(recorded)} {what}."
        comparison.differences.append(Difference("altered", text, recorded.uuid, row.pk, *recorded.places[0]))

    if len(recorded.digests) > 1:
        say("is in the journals in two versions: one of them is invented")
    elif sha256(row.head).digest() not in recorded.digests:
        say("says something else in the table: it was changed")
    elif wrong := _wrong(row):
        say(f"was changed in the table: {', '.join(wrong)}")
    elif row.place is not None and row.place not in recorded.places:
        say(f"has a place in the table that is another record's: {row.place[0]}:{row.place[1]}")
    elif row.place is None and not is_new:
        say("has no place in the table")


def _wrong(row: _Row) -> list[str]:
    """Columns that do not say what the head says."""
    try:
        plain = orjson.loads(row.head)
        facts = row.columns[COLUMNS.index("facts")]
        values = dict(zip(COLUMNS, row.columns, strict=True)) | {"facts": orjson.loads(facts) if isinstance(facts, str) else facts}
    except ValueError:
        return ["facts"]
    return [name for name in COLUMNS if values[name] != plain.get(name, "")]


def _rows() -> Iterator[_Row]:
    """Rows by uuid, some at a time."""
    columns = ", ".join(f"e.{name}" for name in COLUMNS)
    after, values = "1 = 1", list[Any]()
    while True:
        with connection.cursor() as c:
            c.execute(_ROWS.format(columns=columns, after=after, most=BATCH_SIZE), values)
            some = c.fetchall()
        for uuid, pk, head, journal, number, *rest in some:
            text = uuid.hex if isinstance(uuid, UUID) else uuid
            place = None if journal is None else (str(journal), _number(number))
            content = head.encode() if isinstance(head, str) else bytes(head or b"")
            yield _Row(text if isinstance(text, str) and _UUID.fullmatch(text) else "", pk, content, place, tuple(rest))
        if len(some) < BATCH_SIZE:
            return
        after, values = "(e.uuid, e.id) > (%s, %s)", [some[-1][0], some[-1][1]]


def unprotected() -> list[str]:
    """Sentences about guards of the database that are not there (A3)."""
    with connection.cursor() as c:
        if connection.vendor == "postgresql":
            c.execute("SELECT tgname, tgenabled FROM pg_trigger WHERE tgname LIKE %s", ["access_%_append_only"])
            present = {name for name, enabled in c.fetchall() if (enabled if isinstance(enabled, str) else enabled.decode()) == "A"}
            expected = {f"{table}_append_only": table for table in GUARDED}
        else:
            c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE %s", ["%RAISE(ABORT%"])
            present = {name for (name,) in c.fetchall()}
            expected = {f"{table}_{guard}": table for table in GUARDED for guard in _GUARDS}
    missing = sorted({table for name, table in expected.items() if name not in present})
    return [f"The table {table} is not protected any more: a trigger of the database is missing or off." for table in missing]


def _name(recorded: RecordedEntry) -> str:
    journal, number = recorded.places[0]
    return f"{recorded.uuid} ({recorded.what}; record {number} of journal {journal})"


def _number(value: Any) -> int:
    """A column that should be a whole number."""
    return value if isinstance(value, int) else 0
