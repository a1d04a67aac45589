"""The completeness of each day: what the worker compared, in files; and the check that nothing is missing (promises 1, 2 and 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson

from civicmail.core.disk.published import Published
from civicmail.front.checkup.findings import HOUR, Finding, Installation

DAYS = 30
"""Days that are compared again while something is missing, and shown."""
MAX_AGE_MS = 30 * HOUR
"""After the end of a day: by then it must have been compared."""
MAX_NAMED = 10_000
"""Gaps that a day's file names; the others are counted."""


@dataclass(frozen=True, slots=True)
class DayGap:
    """A record that is missing somewhere. id: of its message, "" where no place knows it; kind: of record; lacks: places."""

    journal: str
    number: int
    id: str
    kind: str
    lacks: tuple[str, ...]

    @property
    def receipt(self) -> str:
        """The number of the receipt, as the ledger has it."""
        return f"{self.journal}:{self.number}" if self.journal else ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a comparison showed. journals: first and last number of each; records: numbers given; receipts: messages; accounted:
    numbers of which a certificate or an accepted loss says why they have no record; places: what was compared; missing: gaps, also
    those that are not named."""

    journals: dict[str, tuple[int, int]]
    records: int
    receipts: int
    accounted: int
    places: tuple[str, ...]
    missing: int
    gaps: tuple[DayGap, ...]


@dataclass(frozen=True, slots=True)
class DayFigure:
    """day: ISO, in UTC; at: of the last comparison, epoch ms; entry: uuid of the entry that published the result."""

    day: str
    at: int
    entry: str
    result: Result

    @property
    def share(self) -> float:
        """The share of the records that lack nothing, from 0 to 1."""
        return max(0.0, 1 - self.result.missing / self.result.records) if self.result.records else 1.0


def file_of(day: date) -> Published[DayFigure]:
    """The file of one day."""
    return Published(f"completeness/{day}.json", f"the completeness of {day}", orjson.dumps, _decode)


def _decode(content: bytes) -> DayFigure:
    plain = orjson.loads(content)
    r = plain["result"]
    gaps = tuple(DayGap(**{**gap, "lacks": tuple(gap["lacks"])}) for gap in r["gaps"])
    journals = {name: (first, last) for name, (first, last) in r["journals"].items()}
    result = Result(**{**r, "journals": journals, "places": tuple(r["places"]), "gaps": gaps})
    return DayFigure(plain["day"], plain["at"], plain["entry"], result)


def plain(result: Result) -> bytes:
    """A result as bytes, of which the entry has the SHA-256."""
    return orjson.dumps(asdict(result), option=orjson.OPT_SORT_KEYS)


def day_of(now: int) -> date:
    """The day of a time in epoch ms, in UTC."""
    return datetime.fromtimestamp(now / 1000, UTC).date()


def bounds(day: date) -> tuple[int, int]:
    """Begin and end of a day in UTC, epoch ms."""
    begins = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
    return begins, begins + 24 * HOUR


def last_days(data: Path, now: int) -> list[DayFigure]:
    """The figures of the last 30 days, newest first; days without one are left out."""
    today = day_of(now)
    days = (file_of(today - timedelta(days=back)).last(data) for back in range(1, DAYS + 1))
    return [figure for figure in days if figure is not None]


def end_of(figure: DayFigure) -> int:
    """When the day of a figure ended, epoch ms."""
    return bounds(date.fromisoformat(figure.day))[1]


def completeness(p: Installation) -> Iterator[Finding]:
    """Check that each of the last days was compared, and that nothing is missing."""
    figures = last_days(p.data, p.now)
    incomplete = [figure for figure in figures if figure.result.missing]
    for figure in incomplete:
        yield Finding("completeness", "problem", _sentence(figure), f"civicmail archive reconcile {figure.day}")
    if not figures:
        if p.has_mail():
            text = "No day was compared yet. The first comparison is a quarter of an hour after midnight UTC."
            yield Finding("completeness", "ok", text)
        return
    if p.now - end_of(figures[0]) > MAX_AGE_MS:
        text = f"{figures[0].day} is the last day for which receipts, archive, index and second place were compared."
        yield Finding("completeness", "problem", text, "Is the job completeness running? civicmail doctor names it.")
    elif not incomplete:
        records, days = sum(figure.result.records for figure in figures), len(figures)
        text = f"Nothing is missing of {records:,} records of {days} {'day' if days == 1 else 'days'} until {figures[0].day}."
        yield Finding("completeness", "ok", text)


def _sentence(figure: DayFigure) -> str:
    first = figure.result.gaps[0]
    named = f"message {first.id}" if first.id else f"record {first.receipt}"
    more = f", and {figure.result.missing - 1:,} more" if figure.result.missing > 1 else ""
    return f"Of {figure.day}, {named} is missing in: {', '.join(first.lacks)}{more}."
