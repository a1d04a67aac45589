"""Compare each day what was acknowledged with archive, index and second place, and publish the result (promises 1, 2 and 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from civicmail.city.guard.actors import Actor, machine
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.ledger import entries as ledger_entries
from civicmail.core.ledger import leaves, sequencer
from civicmail.front.checkup import completeness as figures
from civicmail.front.checkup.completeness import DayFigure, DayGap, Result
from civicmail.front.checkup.findings import HOUR, MINUTE
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive import record_rows
from civicmail.mail.archive.completeness import ARCHIVE, COPY, Gap, Rows, compare
from civicmail.mail.archive.record_rows import Spans
from civicmail.mail.archive.records import Type
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.membership import indexed, indexed_between
from civicmail.mail.search.reader import Reader

ACT = "completeness.publish"
AFTER_MS = 15 * MINUTE
"""Between the end of a day and its comparison: index and second place have its last messages by then."""
AGAIN_MS = 20 * HOUR
"""Between two comparisons of a day of which something is missing."""
CATALOGUE, INDEX = "catalogue", "index"
WORKER = machine("worker")
_NAMED = 20
"""Gaps that an entry names; the file names all."""
_KINDS = {int(type_): type_.name.lower() for type_ in Type} | {0: "unknown", int(Type.RECEIPT): "message"}

log = get_logger()


def completeness(context: JobContext) -> Iterator[Work]:
    """Compare receipts, archive, index and second place for each day, and publish what is missing."""

    def work() -> int:
        now = context.clock()
        day = next_day(context.data, now)
        if day is not None:
            publish(context.data, day, compare_day(context.settings, context.data, day), actor=WORKER, now=now)
        return int(day is not None)

    yield work


def next_day(data: Path, now: int) -> date | None:
    """The oldest of the last days that is over and was not compared, or of which something was missing yesterday."""
    first = first_day(data, now)
    today = figures.day_of(now - AFTER_MS)
    for back in range(figures.DAYS, 0, -1):
        day = today - timedelta(days=back)
        known = figures.file_of(day).last(data)
        if first and day >= first and (known is None or (known.result.missing and abs(now - known.at) >= AGAIN_MS)):
            return day
    return None


def first_day(data: Path, now: int) -> date | None:
    """The day on which the ledger begins; None before anything was acknowledged. Raises LedgerDamaged."""
    ledger = sequencer.folder(data)
    return figures.day_of(ledger_entries.time_of(ledger, 0)) if ledger_entries.first_since(ledger, now) else None


def spans_of(data: Path, day: date) -> Spans:
    """First and last number that each journal gave on a day, by the ledger. Raises LedgerDamaged."""
    ledger = sequencer.folder(data)
    before, until = (leaves.read_positions_below(ledger, ledger_entries.first_since(ledger, edge)) for edge in figures.bounds(day))
    return {name: (before.get(name, 0) + 1, last) for name, last in until.items() if last > before.get(name, 0)}


def compare_day(settings: Settings, data: Path, day: date) -> Result:
    """Compare one day. Reads no content and no database. Raises LedgerDamaged, DamagedFile."""
    spans = spans_of(data, day)
    begins, ends = figures.bounds(day)
    since = begins - 24 * HOUR  # of segments; the clock may have been set
    index = _reader(data)
    copy = _copy(settings, spans, since)
    compared = compare(
        spans,
        partial(record_rows.rows, data, spans, since),
        {CATALOGUE: record_rows.catalogued(data), INDEX: partial(_indexed, index)},
        copy,
        accounted=partial(record_rows.accounted, data),
        strays=partial(_strays, data, index, begins, ends),
    )
    named = tuple(_gap(gap) for gap in compared.gaps[: figures.MAX_NAMED])
    places = (ARCHIVE, CATALOGUE, INDEX, *((COPY,) if copy else ()))
    return Result(dict(spans), compared.records, compared.receipts, compared.accounted, places, len(compared.gaps), named)


def publish(data: Path, day: date, result: Result, *, actor: Actor, now: int) -> DayFigure:
    """Enter a result into the ledger, unless it is the published one, and write the day's file. Raises NotRecorded."""
    from civicmail.city.guard.actions import entries

    file = figures.file_of(day)
    former = file.last(data)
    if former is not None and former.result == result:
        figure = DayFigure(str(day), now, former.entry, result)
    else:
        facts = {
            "records": result.records,
            "messages": result.receipts,
            "accounted": result.accounted,
            "missing": result.missing,
            "compared": list(result.places),
            "journals": [f"{name}:{first}-{last}" for name, (first, last) in sorted(result.journals.items())],
            "gaps": [f"{gap.receipt or gap.id} {', '.join(gap.lacks)}" for gap in result.gaps[:_NAMED]],
            "sha256": sha256(figures.plain(result)).hexdigest(),
            "former": former.entry if former else "",
        }
        made = entries.enter_ahead(ACT, actor=actor, reason="", now=now, object=f"day:{day}", facts=facts)
        figure = DayFigure(str(day), now, str(made.uuid), result)
        if result.missing:
            log.error("records of a day are missing", day=str(day), missing=result.missing)
    file.write(data, figure)
    return figure


def _gap(gap: Gap) -> DayGap:
    id_ = "" if gap.id in (b"", bytes(16)) else str(UUID(bytes=gap.id))
    return DayGap(gap.journal, gap.number, id_, _KINDS.get(gap.type, "unknown"), gap.lacks)


def _reader(data: Path) -> Reader | None:
    try:
        return Reader(data)
    except (NotIndexed, DamagedIndex):
        return None


def _indexed(reader: Reader | None, ids: Sequence[bytes]) -> set[bytes]:
    return indexed(reader, ids) if reader else set()


def _strays(data: Path, reader: Reader | None, since: int, until: int) -> set[bytes]:
    """Captures of a day that the index has and the archive has not."""
    known = indexed_between(reader, since, until - 1) if reader else set[bytes]()
    return known - record_rows.catalogued(data)(list(known))


def _copy(settings: Settings, spans: Spans, since: int) -> Rows | None:
    """The second place, if it is a folder that this machine can read."""
    place = settings.archive.standby
    if not place or place.startswith("tls://"):
        return None
    return partial(record_rows.rows, Path(place), spans, since)
