"""The proofs of many records under one checkpoint (docs/formats.md, "Proofs of many"); tools/verify_export.py checks them.

Records are added one by one with their heads; only number and leaf of each are stored. The result is lines: one for the ledger,
then one for each batch with some of the records.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from civicmail.core.ledger import arrays, checkpoints, consistency, entries, keys, leaves, merkle, tree
from civicmail.core.ledger.entries import BatchEntry
from civicmail.core.ledger.errors import LedgerDamaged, NotIntegrated
from civicmail.core.ledger.multiproof import shared_path
from civicmail.core.ledger.notes import Checkpoint

VERSION = "civicmail proofs 1"


class Proofs:
    """The records to prove. 40 bytes of memory for each record. Takes no lease."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ledger = data / "ledger"
        self._numbers: dict[str, array[int]] = {}
        self._leaves: dict[str, bytearray] = {}

    def __len__(self) -> int:
        return sum(map(len, self._numbers.values()))

    def add(self, journal: str, number: int, head: bytes) -> None:
        """Another record, each once."""
        self._numbers.setdefault(journal, array("Q")).append(number)
        self._leaves.setdefault(journal, bytearray()).extend(merkle.leaf_hash(head))

    def signed(self) -> Checkpoint | None:
        """The newest checkpoint, when it covers all of them."""
        newest = checkpoints.latest(self._ledger)
        if newest is None:
            return None
        for journal, numbers in self._numbers.items():
            entry = leaves.find_batch(self._ledger, journal, max(numbers))
            if entry is None or entry >= newest.size:
                return None
        return newest

    def lines(self, signed: Checkpoint) -> Iterator[dict[str, Any]]:
        """The proofs as JSON objects, the first about the ledger. Raises NotIntegrated where the checkpoint does not cover one of
        them, LedgerDamaged where the ledger does not hold together or has another record in its place."""
        batches = [batch for journal in sorted(self._numbers) for batch in self._batches(journal)]
        batches.sort(key=lambda batch: batch[0])
        indexes = [index for index, *_ in batches]
        if indexes and indexes[-1] >= signed.size:
            raise NotIntegrated("No signed checkpoint covers all of these records yet.")
        path = shared_path(indexes, signed.size, tree.stored(self._ledger / "tree")) if indexes else []
        yield {
            "v": VERSION,
            "checkpoint": signed.note,
            "key": base64.b64encode(keys.public(self._data / "keys")).decode(),
            "batches": len(batches),
            "consistency": consistency.paths(self._ledger, signed),
            "path": [p.hex() for p in path],
        }
        for index, entry, batch, batch_leaves in batches:
            yield self._batch(index, entry, batch, batch_leaves)

    def _batches(self, journal: str) -> Iterator[tuple[int, bytes, BatchEntry, dict[int, bytes]]]:
        """(index of the entry, entry, the same read, {place in the batch: leaf}) of each batch of this journal."""
        numbers, hashes = self._numbers[journal], self._leaves[journal]
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        at = 0
        while at < len(order):
            number = numbers[order[at]]
            index = leaves.find_batch(self._ledger, journal, number)
            if index is None:
                raise NotIntegrated(f"Record {number} of journal {journal} is not in the ledger yet.")
            entry = entries.read_entry(self._ledger, index)
            batch = BatchEntry.decode(entry)
            if batch.journal != journal or not batch.first <= number <= batch.last:
                raise LedgerDamaged(f"Record {number} of journal {journal} was left out of the ledger.")
            batch_leaves: dict[int, bytes] = {}
            while at < len(order) and numbers[order[at]] <= batch.last:
                place = order[at]
                batch_leaves[numbers[place] - batch.first] = bytes(hashes[place * merkle.HASH : (place + 1) * merkle.HASH])
                at += 1
            yield index, entry, batch, batch_leaves

    def _batch(self, index: int, entry: bytes, batch: BatchEntry, batch_leaves: dict[int, bytes]) -> dict[str, Any]:
        path = leaves.folder(self._ledger) / f"{batch.journal}.bin"
        blob = arrays.read(path, merkle.HASH, batch.first - 1, batch.count)
        hashes = [blob[i : i + merkle.HASH] for i in range(0, len(blob), merkle.HASH)]
        if merkle.root_of(hashes) != batch.root:
            raise LedgerDamaged(f"The leaves of journal {batch.journal} are not those of entry {index}.")
        for at, leaf in batch_leaves.items():
            if hashes[at] != leaf:
                raise LedgerDamaged(f"Record {batch.first + at} of journal {batch.journal} is not the one that was integrated.")
        shared = shared_path(list(batch_leaves), batch.count, merkle.in_memory(hashes))
        return {"index": index, "entry": entry.decode("utf-8"), "records": list(batch_leaves), "path": [p.hex() for p in shared]}
