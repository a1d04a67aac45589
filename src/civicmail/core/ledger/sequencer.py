"""The sequencer: follows all journals, cuts batches, and adds them to the ledger as entries. There is one for each data folder.

A record is *written* when its journal is synced, *integrated* when its batch is a synced entry, *published* under a signed
checkpoint. A round writes leaves, syncs, writes entries, syncs, then writes derived data. After a crash the next opening repairs
the rest: it overwrites leaves without an entry, and writes derived data after the newest checkpoint again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.disk.tail import Positions, Record, Tail
from civicmail.core.ledger import arrays, checkpoints, entries, keys, leaves, merkle, notes
from civicmail.core.ledger.entries import BATCH_MOST, BatchEntry, EntryLog
from civicmail.core.ledger.errors import LedgerEnded, LedgerRolledBack
from civicmail.core.ledger.leaves import LeafFiles
from civicmail.core.ledger.notes import Checkpoint
from civicmail.core.ledger.tree import Tree

CHECKPOINT = 10  # record type, docs/formats.md
ROUND = 65_536  # records whose batches share one pair of syncs
_Run = tuple[str, int, Sequence[bytes]]
"""Records of one journal that follow each other: journal, number of the first, heads."""


def folder(data: Path) -> Path:
    """The folder of the ledger in a data folder."""
    return data / "ledger"


def positions(data: Path) -> Positions:
    """{journal: last integrated number}, read by any process without a lease; may be behind for a moment, never ahead."""
    return leaves.read_positions(folder(data))


class Sequencer:
    """Holds the lease `ledger` from its making until close(). Raises LeaseHeld, KeyMissing, LedgerDamaged, LedgerRolledBack."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self.data = data
        self._ledger = folder(data)
        self._files = files
        self._ended = False
        self._lease = Lease.take(lease_path(data, "ledger"))
        self._log = EntryLog(self._ledger, files)
        self._leaves = LeafFiles(self._ledger, files)
        self._tree = Tree(self._ledger / "tree", files, 0)
        try:
            self._public = keys.public(data / "keys")
            self._recover()
        except BaseException:
            self.close()
            raise

    # -- what a crash left -------------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        for place in (leaves.folder(self._ledger), self._ledger / "tree", checkpoints.folder(self._ledger)):
            self._files.make_folder(place, levels=0)
        self._latest = checkpoints.latest(self._ledger)
        if self._latest:  # the process that stored it may have died before it was durable
            self._files.sync_folder(checkpoints.folder(self._ledger))
        signed = self._latest.size if self._latest else 0
        counts = self._leaves.batches_below(signed)
        base = signed if self._derived_reach(signed, counts) else 0
        self._log.recover(base, max(signed, self._leaves.integrated_count()))
        self._tree = Tree(self._ledger / "tree", self._files, base)
        positions = self._leaves.recover(counts if base else dict.fromkeys(counts, 0))
        for some in self._log.replay(base):
            for n, entry in enumerate(some):
                batch = BatchEntry.decode(entry)
                self._leaves.add_batch(batch.journal, batch.last, self._tree.size + n)
                positions[batch.journal] = batch.last
            self._tree.append([merkle.leaf_hash(entry) for entry in some])
        self._tree.trim()  # only now: a checker that reads meanwhile never sees a file become shorter than it was right
        self._leaves.trim()
        if self._latest and self._tree.root(signed) != self._latest.root:
            raise LedgerRolledBack(f"The first {signed} entries of the ledger are not those that the newest checkpoint signed.")
        self._tail = Tail(self.data, positions, bodies=False)

    def _derived_reach(self, size: int, counts: dict[str, int]) -> bool:
        """Whether the derived files are as long as the checkpoint's size demands (each entry is a batch); else all are rebuilt."""
        offsets = arrays.length(entries.offsets_path(self._ledger), entries.OFFSET.size)
        return offsets >= size and sum(counts.values()) == size and Tree.holds(self._ledger / "tree", size)

    # -- integrating -------------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Entries in the ledger."""
        return self._tree.size

    @property
    def positions(self) -> Positions:
        """{journal: last integrated number}."""
        return dict(self._tail.positions)

    def integrate(self, now: int, but: str = "") -> int:
        """Integrate every durable record that is new; return how many. now: ms since 1970. After an error open another one.

        but: a journal whose records are fed.
        """
        if self._ended:
            raise LedgerEnded("This sequencer has ended after a failed write.")
        done = 0
        with self._ending():
            while records := self._gather(but):
                self._check_checkpoints(records)
                self._round([(run[0].journal, run[0].number, [r.head for r in run]) for run in _runs(records)], now)
                done += len(records)
        return done

    def feed(self, journal: str, first: int, heads: Sequence[bytes], now: int) -> int:
        """Integrate receipts that this process itself has just made durable, without reading them again: the heads of the records
        from number `first` on. Return how many. If they do not follow the integrated ones, all durable records are read instead."""
        if self._ended or self._tail.positions.get(journal, 0) + 1 != first:
            return self.integrate(now)
        with self._ending():
            runs = [(journal, first + n, heads[n : n + BATCH_MOST]) for n in range(0, len(heads), BATCH_MOST)]
            self._round(runs, now)
            self._tail.passed(journal, first + len(heads) - 1)
        return len(heads)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """End this sequencer after any error in a round, because its tail has moved past records that are not integrated."""
        try:
            yield
        except OSError as error:
            self._ended = True
            raise LedgerEnded(f"The ledger could not be written: {error.strerror}.") from error
        except BaseException:
            self._ended = True
            raise

    def _gather(self, but: str) -> list[Record]:
        records: list[Record] = []
        while len(records) < ROUND and (more := self._tail.poll(BATCH_MOST, but)):
            records += more
        return records

    def _round(self, runs: Sequence[_Run], now: int) -> None:
        batches = []
        for journal, first, heads in runs:
            hashes = [sha256(b"\x00" + head).digest() for head in heads]
            self._leaves.write(journal, first, hashes)
            batches.append(BatchEntry(journal, first, len(heads), merkle.root_of(hashes), now))
        self._leaves.sync({b.journal for b in batches})
        encoded = [b.encode() for b in batches]
        self._log.append(encoded)
        for n, batch in enumerate(batches):
            self._leaves.add_batch(batch.journal, batch.last, self._tree.size + n)
        self._tree.append([merkle.leaf_hash(e) for e in encoded])

    def _check_checkpoints(self, records: list[Record]) -> None:
        """Raise if a journal has a checkpoint of ours that this ledger does not continue: the ledger was set back."""
        for r in records:
            if r.type != CHECKPOINT:
                continue
            known = notes.in_record(r.head, self._public)
            if known is None:
                continue  # `verify` names it
            if known.size > self.size or self._tree.root(known.size) != known.root:
                raise LedgerRolledBack(
                    f"Record {r.number} of journal {r.journal} holds a signed checkpoint of {known.size} entries, "
                    f"which this ledger of {self.size} entries does not continue: the ledger was set back or rewritten."
                )

    # -- publishing --------------------------------------------------------------------------------------------------------

    def checkpoint(self, now: int) -> Checkpoint:
        """Sign the integrated entries, or return the newest checkpoint if it covers them. The caller appends its facts as a
        `checkpoint` record to a journal of its own."""
        if self._ended:
            raise LedgerEnded("This sequencer has ended after a failed write.")
        if self._latest is None or self._latest.size < self.size:
            key = keys.private(self.data / "keys")
            self._sync_derived()
            signed = notes.sign(key, self.size, self._tree.root(), now)
            checkpoints.store(self._ledger, signed, self._files)
            self._latest = signed
        else:
            checkpoints.end_request(self._ledger, self._files)
        return self._latest

    def due(self, now: int, every: int) -> bool:
        """Whether a checkpoint should be signed now: there are new entries, and the newest one is `every` ms old or one was
        requested."""
        if checkpoints.is_requested(self._ledger):
            return True
        if self._latest is None:
            return self.size > 0
        return self.size > self._latest.size and now - self._latest.at >= every

    def _sync_derived(self) -> None:
        self._log.sync_derived()
        self._leaves.sync_derived()
        self._tree.sync()

    def close(self) -> None:
        """Release the lease. Integrated entries remain."""
        for part in (self._log, self._leaves, self._tree):
            part.close()
        self._lease.close()

    def __enter__(self) -> Sequencer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _runs(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Records of one journal that follow each other, at most a batch at a time."""
    by_journal: dict[str, list[Record]] = {}
    for r in records:
        by_journal.setdefault(r.journal, []).append(r)
    for of_one in by_journal.values():
        run = of_one[:1]
        for r in islice(of_one, 1, None):
            if r.number != run[-1].number + 1 or len(run) == BATCH_MOST:
                yield run
                run = []
            run.append(r)
        yield run
