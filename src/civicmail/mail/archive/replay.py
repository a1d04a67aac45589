"""The outstanding snapshot made anew: receipts and events of all segments and journals, replayed (design, "Journal = queue").

What a record says does not depend on the order of reading (copies.py), so segments are read as they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive import outstanding_file, segments, warc
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.outstanding import Outstanding
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.sealstate import log_path
from civicmail.mail.archive.segments import Segment

FORGET_EVERY = 100_000  # records
Progress = Callable[[int], None]


def rebuild(data: Path, *, now: int, files: Files = OS_FILES, progress: Progress | None = None) -> list[str]:
    """Write a new snapshot; return sentences about what could not be read.

    What stood there is lost for it: an outcome that is not known means that a copy is sent again, a receipt that it is not sent at
    all. Takes the leases `courier` and `seal`; raises LeaseHeld, KeyMissing. now: ms. progress: told the records read.
    """
    problems: list[str] = []
    outstanding = Outstanding()
    with ExitStack() as stack:
        stack.enter_context(Lease.take(lease_path(data, "courier")))
        sealer = stack.enter_context(Sealer(data, files))
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


def _sealed(data: Path, problems: list[str]) -> Iterator[Record]:
    """Every sealed record, without its body."""
    keyring: Keyring | None = None
    for class_, month, name in segments.listed(data):
        keyring = keyring or Keyring(data)
        try:
            segment = Segment(segments.path_of(data, class_, month, name), name, keyring.open(name))
        except (DamagedFile, KeyMissing) as error:
            problems.append(str(error))
            continue
        yield from _records(data, segment, problems)
        segment.close()


def _records(data: Path, segment: Segment, problems: list[str]) -> Iterator[Record]:
    """The records of one segment; frames that have only a body are not opened."""
    try:
        rows = list(segment.rows())
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
            found = warc.parse(frame, row.offset)
            if found is None or warc.place_of(found) != (row.journal, row.number):
                problems.append(f"Record {row.number} of journal {row.journal} is not where the table of its segment says.")
                continue
            nowhere = log_path(data, row.journal, 0)  # no journal file has this name: the record is sealed
            head = frame[found.start : found.stop]
            yield Record(row.journal, nowhere, 0, row.type, 0, row.number, row.id, row.sha256, head, b"")
