"""Rebuild the outstanding snapshot by replaying the receipts and events of all segments and journals.

The result does not depend on the order of records (copies.py), so segments are read in storage order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import groupby
from pathlib import Path

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Lease, Patience, lease_path
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive import outstanding_file, segments, warc
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.gather import LEDGER_CLASS
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.outstanding import Outstanding
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.seal_state import log_path
from civicmail.mail.archive.segments import Row, Segment

FORGET_EVERY = 100_000  # records
Progress = Callable[[int], None]
Span = tuple[str, int, int]
"""A journal, and the first and last number of some of its records."""


def rebuild(
    data: Path, *, now: int, files: Files = OS_FILES, progress: Progress | None = None, patience: Patience | None = None
) -> list[str]:
    """Write a new snapshot; return sentences about unreadable places.

    Their records are lost for the snapshot: a copy without its outcome is sent again, and a copy without its receipt is not sent at
    all. Takes the leases `courier` and `seal`; raises LeaseHeld, KeyMissing. now: ms. progress: called with the number of records
    read.
    """
    problems: list[str] = []
    outstanding = Outstanding()
    with ExitStack() as stack:
        stack.enter_context(Lease.take(lease_path(data, "courier"), patience))
        sealer = stack.enter_context(Sealer(data, files, patience))
        sealer.finish()  # now each record is either in a segment or in a journal
        top = journal.folder(data)
        retired = {name: journal.read_retired(top / name) for name in journal.names(data)}
        for count, record in enumerate(_sealed(data, problems), 1):
            outstanding.replay(record)
            if count % FORGET_EVERY == 0:
                outstanding.forget(now)
                if progress is not None:
                    progress(count)
        outstanding.positions = {name: last for name, last in retired.items() if last}
        tail = Tail(data, outstanding.positions, bodies=False)
        while records := tail.poll():
            for record in records:
                outstanding.apply(record)
        outstanding.settle(now)
        outstanding_file.save(data, outstanding, files)
    return problems


def sealed_between(data: Path, spans: Sequence[Span], problems: list[str]) -> Iterator[Record]:
    """Sealed records of journals, without bodies, in disk order, for followers that missed them before they were sealed. The newest
    segments are read first, and no more than needed. problems: gets sentences about unreadable segments."""
    left = sum(last - first + 1 for _, first, last in spans)

    def is_selected(row: Row) -> bool:
        return any(name == row.journal and first <= row.number <= last for name, first, last in spans)

    paths = [segments.path_of(data, *segment) for segment in segments.listed(data)] if left else []
    paths.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for record in _of_segments(data, paths, problems, is_selected):
        yield record
        left -= 1
        if not left:
            return
    if left:
        problems.append(f"{left} records of journals are in no segment.")


def sealed_entries(data: Path, problems: list[str]) -> Iterator[Record]:
    """Sealed audit entries. Records without a capture are in segments of class `ledger`, so no mail is read."""
    paths = [segments.path_of(data, *segment) for segment in segments.listed(data) if segment[0] == LEDGER_CLASS]
    return _of_segments(data, paths, problems, lambda row: row.type == Type.ENTRY)


def _sealed(data: Path, problems: list[str]) -> Iterator[Record]:
    """Every sealed record, without its body."""
    paths = [segments.path_of(data, *segment) for segment in segments.listed(data)]
    return _of_segments(data, paths, problems, lambda _: True)


def _of_segments(data: Path, paths: list[Path], problems: list[str], is_selected: Callable[[Row], bool]) -> Iterator[Record]:
    if not paths:
        return
    keyring = Keyring(data)
    for path in paths:
        try:
            segment = Segment(path, path.stem, keyring.open(path.stem))
        except (DamagedFile, KeyMissing) as error:
            problems.append(str(error))
            continue
        with closing(segment):
            yield from _records(data, segment, problems, is_selected)


def _records(data: Path, segment: Segment, problems: list[str], is_selected: Callable[[Row], bool]) -> Iterator[Record]:
    """The wanted records of one segment; frames without any are not opened."""
    try:
        rows = [row for row in segment.rows() if is_selected(row)]
    except DamagedFile as error:
        problems.append(str(error))
        return
    for number, group in groupby(rows, key=lambda row: row.frame):
        try:
            frame = segment.frame(number)
        except DamagedFile as error:
            problems.append(str(error))
            continue
        for row in group:
            parsed = warc.parse(frame, row.offset)
            if parsed is None or warc.place_of(parsed) != (row.journal, row.number):
                problems.append(f"Record {row.number} of journal {row.journal} is not where the table of its segment says.")
                continue
            nowhere = log_path(data, row.journal, 0)  # no journal file has this name: the record is sealed
            head = frame[parsed.start : parsed.stop]
            yield Record(row.journal, nowhere, 0, row.type, 0, row.number, row.id, row.sha256, head, b"")
