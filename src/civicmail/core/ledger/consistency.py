"""Consistency proofs: the present ledger begins with the ledger of an older checkpoint (RFC 9162, 2.1.4; docs/formats.md,
"Consistency").

A record's proof contains some of these, so that everybody with an older checkpoint sees that nothing before it was rewritten, not
even by a person with the right keys.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.ledger import checkpoints, keys, merkle, notes, tree
from civicmail.core.ledger.errors import LedgerRolledBack, NotOurCheckpoint
from civicmail.core.ledger.notes import Checkpoint

VERSION = "civicmail consistency 1"
PUBLISHED_MOST = 50
"""Published checkpoints that every proof continues, the newest; older ones when they are named."""


def read(path: Path, public: bytes) -> Checkpoint:
    """A checkpoint from outside: a note, or the one in a proof or in the proofs of an export. Raises NotOurCheckpoint, OSError."""
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        if text.startswith("{"):
            text = str(orjson.loads(text.partition("\n")[0])["checkpoint"])
        known = notes.read(text)
    except (ValueError, KeyError) as error:
        raise NotOurCheckpoint(f"{path} has no checkpoint of a Civicmail ledger.") from error
    if not notes.is_signed(text, public):
        raise NotOurCheckpoint(f"{path} is not signed with the key of this ledger.")
    return known


def path(ledger: Path, old: int, size: int) -> list[bytes]:
    """The consistency path from the ledger's first `old` entries to its first `size`."""
    return merkle.consistency_path(old, size, tree.stored(ledger / "tree")) if 0 < old < size else []


def paths(ledger: Path, signed: Checkpoint, older: Iterable[Checkpoint] = ()) -> list[dict[str, Any]]:
    """The member `consistency` of a proof under this checkpoint: of the newest published checkpoints and of the given ones, by
    size. Raises LedgerRolledBack where the ledger does not continue a given one."""
    node = tree.stored(ledger / "tree")
    sizes = {size for size in checkpoints.published(ledger)[-PUBLISHED_MOST:] if size < signed.size}
    for known in older:
        if known.size > signed.size or merkle.root_at(known.size, node) != known.root:
            text = f"The ledger of {signed.size} entries does not continue the checkpoint of {known.size}"
            raise LedgerRolledBack(f"{text}: it was set back or rewritten.")
        sizes.add(known.size)
    sizes -= {0, signed.size}
    return [{"size": n, "path": [p.hex() for p in merkle.consistency_path(n, signed.size, node)]} for n in sorted(sizes)]


def prove(data: Path, signed: Checkpoint, older: Iterable[Checkpoint]) -> dict[str, Any]:
    """A proof without a record: that the ledger of the first checkpoint continues the older ones."""
    key = base64.b64encode(keys.public(data / "keys")).decode()
    return {"v": VERSION, "checkpoint": signed.note, "key": key, "consistency": paths(data / "ledger", signed, older)}
