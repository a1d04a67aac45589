"""Inclusion proof of one record (docs/formats.md, "Proof"). tools/verify_proof.py checks it without this program."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from civicmail.core.ledger import arrays, checkpoints, consistency, entries, keys, leaves, merkle, tree
from civicmail.core.ledger.entries import BatchEntry
from civicmail.core.ledger.errors import LedgerDamaged, NotIntegrated
from civicmail.core.ledger.notes import Checkpoint

VERSION = "civicmail proof 1"


def prove(data: Path, journal: str, number: int, head: bytes, checkpoint: Checkpoint | None = None) -> dict[str, Any]:
    """The proof file of the record with this head, under the newest checkpoint or the given one. Takes no lease.

    Raises NotIntegrated while no entry or no checkpoint covers it, LedgerDamaged if the head is not the integrated one or the
    ledger is inconsistent.
    """
    ledger = data / "ledger"
    entry, index, batch = _batch_of(ledger, journal, number)
    signed = checkpoint or checkpoints.latest(ledger)
    if signed is None or signed.size <= index:
        raise NotIntegrated(f"No signed checkpoint covers record {number} of journal {journal} yet.")
    blob = arrays.read(leaves.folder(ledger) / f"{journal}.bin", merkle.HASH, batch.first - 1, batch.count)
    hashes = [blob[i : i + merkle.HASH] for i in range(0, len(blob), merkle.HASH)]
    at = number - batch.first
    if merkle.root_of(hashes) != batch.root:
        raise LedgerDamaged(f"The leaves of journal {journal} are not those of entry {index}.")
    if hashes[at] != merkle.leaf_hash(head):
        raise LedgerDamaged(f"Record {number} of journal {journal} is not the one that was integrated.")
    in_tree = merkle.inclusion_path(index, signed.size, tree.stored(ledger / "tree"))
    if not merkle.verify_inclusion(merkle.leaf_hash(entry), index, signed.size, in_tree, signed.root):
        raise LedgerDamaged(f"Entry {index} of the ledger is not under its checkpoint of {signed.size} entries.")
    return {
        "v": VERSION,
        "head": head.decode("utf-8"),
        "leaf": hashes[at].hex(),
        "batch": {"index": at, "size": batch.count, "path": _hex(merkle.inclusion_path(at, batch.count, merkle.in_memory(hashes)))},
        "entry": entry.decode("utf-8"),
        "ledger": {"index": index, "size": signed.size, "path": _hex(in_tree)},
        "consistency": consistency.paths(ledger, signed),
        "checkpoint": signed.note,
        "key": base64.b64encode(keys.public(data / "keys")).decode(),
    }


def is_published(data: Path, journal: str, number: int) -> bool:
    """Whether a signed checkpoint covers the record, so that prove() has a result."""
    ledger = data / "ledger"
    index = leaves.find_batch(ledger, journal, number)
    signed = checkpoints.latest(ledger)
    return index is not None and signed is not None and index < signed.size


def _batch_of(ledger: Path, journal: str, number: int) -> tuple[bytes, int, BatchEntry]:
    index = leaves.find_batch(ledger, journal, number)
    if index is None:
        raise NotIntegrated(f"Record {number} of journal {journal} is not in the ledger yet.")
    entry = entries.read_entry(ledger, index)
    batch = BatchEntry.decode(entry)
    if batch.journal != journal or not batch.first <= number <= batch.last:
        raise LedgerDamaged(f"Record {number} of journal {journal} was left out of the ledger.")
    return entry, index, batch


def _hex(path: list[bytes]) -> list[str]:
    return [p.hex() for p in path]
