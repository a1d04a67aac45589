"""Which records a data folder has, by number: in journals by their files, in segments by their tables. Reads no content.

The second place has the same files, so the same function says what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from civicmail.core.disk import journal, lost_records
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive import certificates, segments
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.segments import Segment
from civicmail.mail.archive.store import Store

Spans = Mapping[str, tuple[int, int]]
"""First and last number of some records of each journal."""
_BEHIND_ALL = 1 << 48


class RecordRow(NamedTuple):
    """type: records.Type; id: of the capture that the record is about."""

    journal: str
    number: int
    type: int
    id: bytes


def rows(data: Path, spans: Spans, since: int) -> Iterator[RecordRow]:
    """The records with these numbers, in no order; one that is sealed meanwhile comes twice. What cannot be read is left out.
    since: epoch ms; segments that were written before have none of them."""
    yield from _in_journals(data, spans)
    try:
        keyring = Keyring(data)
    except (KeyMissing, DamagedFile):
        return
    looked: set[tuple[str, str, str]] = set()
    while new := set(segments.listed(data)) - looked:  # again, because some were rewritten meanwhile
        looked |= new
        for segment in sorted(new):
            yield from _in_segment(segments.path_of(data, *segment), spans, since, keyring)


def catalogued(data: Path) -> Callable[[Sequence[bytes]], set[bytes]]:
    """Which of some captures can be opened by their id, as of now."""
    store = Store(data)
    return lambda ids: {id_ for id_ in ids if store.place(id_) is not None}


def accounted(data: Path) -> Iterator[tuple[str, int, int]]:
    """Journal, first and last of numbers that need no record: a certificate of disposal names them, or a person accepted their
    loss."""
    for facts in certificates.every(Store(data)):
        yield from certificates.named(facts)
    for name in journal.names(data):
        for first, last in lost_records.read(journal.folder(data) / name):
            yield name, first, last


def _in_journals(data: Path, spans: Spans) -> Iterator[RecordRow]:
    positions = {name: spans[name][0] - 1 if name in spans else _BEHIND_ALL for name in journal.names(data)}
    tail = Tail(data, positions, bodies=False)
    while records := tail.poll():
        for record in records:
            if record.number <= spans[record.journal][1]:
                yield RecordRow(record.journal, record.number, record.type, record.id)
        for name, (_, last) in spans.items():
            if tail.positions.get(name, 0) >= last:
                tail.passed(name, _BEHIND_ALL)


def _in_segment(path: Path, spans: Spans, since: int, keyring: Keyring) -> Iterator[RecordRow]:
    try:
        if 0 < segments.created(path) < since:
            return
        with closing(Segment(path, path.stem, keyring.open(path.stem))) as segment:
            for row in segment.rows():
                first, last = spans.get(row.journal, (1, 0))
                if first <= row.number <= last:
                    yield RecordRow(row.journal, row.number, row.type, row.id)
    except (FileNotFoundError, KeyMissing, DamagedFile):
        return
