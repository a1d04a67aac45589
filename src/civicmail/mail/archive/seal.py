"""Seal closed journal files into segments. The files are removed only after the segments were synced and read back
(docs/formats.md, "Segment").

The steps, in this order; after a crash all records are still readable, and the next seal continues:

1. seal.json names the batch and its files, not committed
2. keys, segments, catalogue runs: written, synced, renamed, folders synced
3. every segment and run is read back from the disk: each head byte for byte, each body by its SHA-256
4. seal.json says committed: from this moment the segments count and the journal files do not
5. journal files and spool files are removed, and seal.json is removed
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import orjson

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile, DiskFull
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Lease, Patience, lease_path
from civicmail.core.disk.tail import adopt
from civicmail.mail.archive import catalogue, finish_rewrite, gather, seal_state
from civicmail.mail.archive.gather import Gathered
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.places import InSegment
from civicmail.mail.archive.seal_batch import BatchWriter
from civicmail.mail.archive.seal_state import SealState
from civicmail.mail.archive.store import Store

BATCH_SIZE = 256 << 20
Passed = Callable[[], Mapping[str, int]]


@dataclass(slots=True)
class Report:
    """The result of one call. size: bytes of journal files; blocked: sentences about files that cannot be sealed."""

    files: int = 0
    records: int = 0
    segments: int = 0
    size: int = 0
    blocked: list[str] = field(default_factory=list)


class Sealer:
    """Holds the lease `seal` from its making until close(). Raises LeaseHeld, KeyMissing."""

    def __init__(self, data: Path, files: Files = OS_FILES, patience: Patience | None = None) -> None:
        self.data = data
        self._files = files
        self._keyring = Keyring(data, files)
        self._store: Store | None = None
        self._batch = ""  # that this one began
        self._lease = Lease.take(lease_path(data, "seal"), patience)

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    def __enter__(self) -> Sealer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._lease.close()

    def seal(self, passed: Passed, *, now: int, checkpoint: str = "") -> Report:
        """Seal all closed files.

        passed: {journal: number} up to which ledger, index and the snapshot of outstanding recipients have read each journal. now:
        ms. checkpoint: the newest signed note, which is put into each segment. Raises DamagedFile if the written data does not read
        back correctly, DiskFull; then no journal file is removed, but the written data is.
        """
        try:
            return self._seal_all(passed, now, checkpoint)
        except (OSError, DamagedFile) as error:
            with contextlib.suppress(OSError, DamagedFile):  # what is half done takes room that mail may need
                self.finish()
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull("The disk is full: journal files cannot be sealed.") from error
            raise

    def _seal_all(self, passed: Passed, now: int, checkpoint: str) -> Report:
        self.finish()
        adopt(self.data, files=self._files)
        self._store = None
        report = Report()
        stuck: set[str] = set()
        months: set[str] = set()
        everywhere = passed()  # once: it saves all that is outstanding
        while True:
            with Gathered(self._class_of) as gathered:
                self._gather(gathered, everywhere, stuck, report)
                if not gathered.files:
                    break
                gathered.group_events()
                months |= self._seal(gathered, now, checkpoint, report)
            self.finish()
        catalogue.merge(self.data, new_batch(now), sorted(months), self._files)
        return report

    def begin(self, now: int) -> str:
        """The name of a new batch, whose state on the disk is this process's own."""
        self._batch = new_batch(now)
        return self._batch

    def finish(self) -> None:
        """Do what a crash, or step 4 of a seal, has left to do."""
        state = seal_state.read(self.data)
        if state is None:
            return
        if state.batch != self._batch:
            seal_state.rely(self.data, self._files)
        if state.committed and state.gone:
            finish_rewrite.complete(self.data, state, self._keyring, self._files)
        elif state.committed:
            for name in sorted({name for name, _, _ in state.files}):
                mine = [(first, last) for other, first, last in state.files if other == name]
                paths = [seal_state.log_path(self.data, name, first) for first, _ in mine]
                journal.retire(journal.folder(self.data) / name, paths, max(last for _, last in mine), self._files)
            for name, id_ in state.spool:
                self._files.unlink(journal.folder(self.data) / name / "spool" / id_)
        else:
            self._undo(state.batch)
        seal_state.clear(self.data, self._files)

    def _gather(self, gathered: Gathered, passed: Mapping[str, int], stuck: set[str], report: Report) -> None:
        """Add closed files until the batch is full; journals with a damaged file are stuck from there on."""
        for file in gather.closed(self.data, passed):
            if file.journal in stuck:
                continue
            try:
                gathered.add(file)
            except DamagedFile as error:
                stuck.add(file.journal)
                report.blocked.append(str(error))
                continue
            report.files += 1
            report.size += file.size
            if gathered.size >= BATCH_SIZE:
                break

    def _seal(self, gathered: Gathered, now: int, checkpoint: str, report: Report) -> set[str]:
        """Steps 1 to 4; returns the months that got a run."""
        for folder in (self.data / "segments", catalogue.folder(self.data)):
            self._files.make_folder(folder, levels=0)
        batch = self.begin(now)
        files = tuple((f.journal, f.first, f.last) for f in gathered.files)
        state = SealState(batch, False, files, tuple(gathered.spool))
        seal_state.write(self.data, state, self._files)
        writer = BatchWriter(self.data, batch, self._keyring, self._files, now=now, checkpoint=checkpoint)
        try:
            for key, group in sorted(gathered.groups.items()):
                writer.add(key, group, gathered)
            months = writer.finish()
        finally:
            writer.close()
        seal_state.write(self.data, SealState(batch, True, files, state.spool), self._files)
        report.records += gathered.records
        report.segments += writer.count
        return months

    def _undo(self, batch: str) -> None:
        """Remove what a seal that was not committed has left; the journals still have everything."""
        touched = set()
        for top, pattern in (
            (catalogue.folder(self.data), f"*/{batch}.run"),
            (catalogue.folder(self.data), f"*/.{batch}*"),
            (self.data / "segments", f"*/*/{batch}*.seg"),
            (self.data / "segments", f"*/*/.{batch}*"),
        ):
            for path in top.glob(pattern):
                self._files.unlink(path)
                touched.add(path.parent)
        for folder in sorted(touched):
            self._files.sync_folder(folder)
        self._keyring.remove([name for name in self._keyring.names() if name.startswith(batch)])

    def _class_of(self, id_: bytes) -> str | None:
        """The class of a capture that is not in this batch."""
        self._store = self._store or Store(self.data)
        place = self._store.place(id_)
        if place is None:
            return None
        if isinstance(place.where, InSegment):
            return place.where.class_
        return gather.class_name(orjson.loads(self._store.head(place))["class"])


def new_batch(now: int) -> str:
    """A name that sorts by time: 48 bits of ms and 48 of chance, as 24 hexadecimal digits."""
    return max(0, now).to_bytes(8)[2:].hex() + os.urandom(6).hex()
