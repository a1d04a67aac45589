"""Hearing each record of all journals once, for counts: also what was sealed while nobody listened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.tail import Positions, Record, Tail
from civicmail.mail.archive import replay

log = get_logger()


def begin(data: Path, positions: Mapping[str, int]) -> Tail:
    """A reader from where the last one had come to; from the journals as they are when there was none."""
    retired = {name: journal.read_retired(journal.folder(data) / name) for name in journal.names(data)}
    return Tail(data, positions or retired, bodies=False)


def read(tail: Tail, hear: Callable[[Record], None]) -> bool:
    """Hear what journals have that is new, and what was sealed while nobody listened; True when there was something."""
    before = dict(tail.positions)
    records, problems = tail.poll(), list[str]()
    missed = list(replay.sealed_between(tail.data, _missed(tail, before, records), problems))
    for record in (*missed, *records):
        hear(record)
    if problems:
        log.error("sign-ins and counts are not complete", problems=problems)
    return bool(missed or records)


def _missed(tail: Tail, before: Positions, records: list[Record]) -> list[replay.Span]:
    """What was passed over, because its files were sealed and removed."""
    found = []
    for record in records:
        if record.number > (first := before.get(record.journal, 0) + 1):
            found.append((record.journal, first, record.number - 1))
        before[record.journal] = record.number
    for name in journal.names(tail.data):
        last, seen = journal.read_retired(journal.folder(tail.data) / name), tail.positions.get(name, 0)
        if last > seen:
            found.append((name, seen + 1, last))
            tail.passed(name, last)
    return found
