"""Rewrite segments: the only operation that changes sealed records (promise 3).

The surviving records of some segments are written into new segments under new keys, read back, and swapped in by one rename of the
state file; then the old segments and their keys are removed. Promotion, compaction and disposal use it. After a crash the archive
has the old segments or the new ones, and the next holder of the lease continues (finish_rewrite.py).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.disk import frames
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive import seal_state, segments, warc
from civicmail.mail.archive.catalogue import Catalogue
from civicmail.mail.archive.gather import Group, Item, Key
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.runs import Run
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.seal_batch import BatchWriter, Carried
from civicmail.mail.archive.seal_state import SealState
from civicmail.mail.archive.segments import Row, Segment

log = get_logger()
Name = tuple[str, str, str]
"""Class, month and id of a segment."""
Keep = Callable[[bytes], bool]
NewClass = Callable[[bytes, str], str]
_FRAMES_MOST = 6


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one rewrite. kept: surviving records, gone: removed ones; segments: written."""

    kept: int
    gone: int
    segments: int


def rewrite(
    sealer: Sealer,
    names: Collection[Name],
    keep: Keep = lambda id_: True,
    new_class: NewClass = lambda id_, class_: class_,
    *,
    reason: str,
    now: int,
    files: Files = OS_FILES,
    agree: Callable[[], AbstractContextManager[None]] = nullcontext,
    certificate: dict[str, Any] | None = None,
) -> Report:
    """Write the surviving records of these segments into new ones, and remove these.

    keep: whether the records about a capture survive; records about no capture always do. new_class: the new class of a capture's
    records, given the present one. agree: a context for the moment of the swap; an error in it leaves everything unchanged.
    certificate: facts to which the segments are added, and which become a record before anything is removed. Raises DamagedFile,
    KeyMissing if a surviving record cannot be read: then nothing changes.
    """
    data, keyring = sealer.data, sealer.keyring
    sealer.finish()
    if not names:
        return Report(0, 0, 0)
    survivors = Survivors(data, sorted(set(names)), keyring, keep, new_class)
    batch = sealer.begin(now)
    replaced = tuple(survivors.names)
    if certificate is not None:
        certificate = {**certificate, "segments": [name for *_, name in replaced]}
    try:
        seal_state.write(data, SealState(batch, False, (), (), replaced), files)
        written = _write(
            survivors, BatchWriter(data, batch, keyring, files, now=now, checkpoint=""), _carried(data, replaced, batch)
        )
        with agree():
            seal_state.write(data, SealState(batch, True, (), (), replaced, certificate), files)
    except (OSError, CivicmailError):
        with suppress(OSError, CivicmailError):
            sealer.finish()
        raise
    finally:
        survivors.close()
    sealer.finish()
    log.info("archive.rewritten", reason=reason, kept=survivors.kept, gone=survivors.gone, segments=written)
    return Report(survivors.kept, survivors.gone, written)


def _write(survivors: Survivors, writer: BatchWriter, carried: Carried) -> int:
    """Write all surviving records, durable and read back; return the number of segments filled."""
    try:
        for key, group in sorted(survivors.groups.items()):
            writer.add(key, group, survivors)
        writer.finish(carried)
    finally:
        writer.close()
    return writer.count


def _carried(data: Path, replaced: tuple[Name, ...], batch: str) -> Carried:
    """The runs that name one of these segments."""
    view = Catalogue(data)
    view.refresh(ignore=batch)
    pairs = frozenset((class_, name) for class_, _, name in replaced)
    months: dict[str, list[Run]] = {}
    for month in sorted({month for _, month, _ in replaced}):
        months[month] = [run for run in view.runs(month) if not pairs.isdisjoint(run.segments)]
    return Carried(months, pairs)


class Survivors:
    """The surviving records of some segments, as a source of a batch. kept and gone: numbers of records."""

    def __init__(self, data: Path, names: list[Name], keyring: Keyring, keep: Keep, new_class: NewClass) -> None:
        self.names = names
        self.groups: dict[Key, Group] = {}
        self.kept = self.gone = 0
        self._segments: list[Segment] = []
        self._rows: list[list[Row]] = []
        self._frames: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        try:
            for class_, month, name in names:
                segment = Segment(segments.path_of(data, class_, month, name), name, keyring.open(name))
                self._segments.append(segment)
                self._rows.append(list(segment.rows()))
            for at, rows in enumerate(self._rows):
                for n, row in enumerate(rows):
                    self._take(at, n, row, keep, new_class)
        except BaseException:
            self.close()
            raise

    def _take(self, at: int, n: int, row: Row, keep: Keep, new_class: NewClass) -> None:
        class_, month, _ = self.names[at]
        about = any(row.id)
        if about and not keep(row.id):
            self.gone += 1
            return
        self.kept += 1
        group = self.groups.setdefault((new_class(row.id, class_) if about else class_, month), Group())
        head = orjson.loads(self._head(at, row))
        if row.type == Type.RECEIPT:
            group.captures.append((row.id, Item(at, n, head["received"])))
        else:
            group.events.setdefault(row.id, []).append(Item(at, n, head["at"]))

    # -- the interface of a batch's source

    def frame(self, item: Item) -> frames.Frame:
        """A record as a journal would give it."""
        row = self._rows[item.file][item.offset]
        head = memoryview(self._head(item.file, row))
        body = self._body(item.file, row) if row.type == Type.RECEIPT else memoryview(b"")
        return frames.Frame(0, 0, row.type, 0, row.number, 0, row.id, row.sha256, head, body)

    def journal_of(self, item: Item) -> str:
        return self._rows[item.file][item.offset].journal

    def spool_path(self, item: Item, id_: bytes) -> Path:
        raise AssertionError("Nothing that is sealed lies in a spool.")

    def close(self) -> None:
        self._frames.clear()
        for segment in self._segments:
            segment.close()

    # -- reading

    def _head(self, at: int, row: Row) -> bytes:
        plain, record = self._record(at, row.frame, row.offset)
        if record.type != b"metadata" or warc.place_of(record) != (row.journal, row.number):
            raise self._damaged(at, row.frame, row.offset)
        return plain[record.start : record.stop]

    def _body(self, at: int, row: Row) -> memoryview:
        plain, record = self._record(at, row.frame, row.offset)
        number, offset = (row.frame, record.end) if record.end < len(plain) else (row.frame + 1, 0)
        plain, record = self._record(at, number, offset)
        if record.type == b"revisit":
            first, where = record.fields[b"civicmail-refers-to-place"].split()
            plain, record = self._record(at, int(first), int(where))
        if record.type != b"resource":
            raise self._damaged(at, number, offset)
        return memoryview(plain)[record.start : record.stop]

    def _record(self, at: int, number: int, offset: int) -> tuple[bytes, warc.WarcRecord]:
        plain = self._frames.get((at, number))
        if plain is None:
            plain = self._frames[at, number] = self._segments[at].frame(number)
            if len(self._frames) > _FRAMES_MOST:
                self._frames.popitem(last=False)
        self._frames.move_to_end((at, number))
        record = warc.parse(plain, offset)
        if record is None:
            raise self._damaged(at, number, offset)
        return plain, record

    def _damaged(self, at: int, number: int, offset: int) -> DamagedFile:
        text = f"{'/'.join(self.names[at])}: the record at byte {offset} of frame {number} is not whole; it is not rewritten."
        return DamagedFile(text)
