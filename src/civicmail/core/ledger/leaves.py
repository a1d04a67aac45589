"""leaves/<journal>.bin and .idx: the leaf of every integrated record, and the batch that holds it (docs/formats.md, "Ledger").

Anybody may read the integrated positions here; they may be behind after a crash, never ahead.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from civicmail.core.disk.files import Files
from civicmail.core.disk.tail import Positions
from civicmail.core.ledger import arrays
from civicmail.core.ledger.arrays import ArrayFile
from civicmail.core.ledger.merkle import HASH

BATCH = struct.Struct("<QQ")  # last number, entry


def folder(ledger: Path) -> Path:
    return ledger / "leaves"


def names(ledger: Path) -> list[str]:
    """The journals in the ledger."""
    return sorted(p.stem for p in folder(ledger).glob("*.idx"))


def read_positions(ledger: Path) -> Positions:
    """{journal: last integrated number}."""
    positions = {}
    for name in names(ledger):
        path = folder(ledger) / f"{name}.idx"
        if count := arrays.length(path, BATCH.size):
            positions[name] = _batch(path, count - 1)[0]
    return positions


def read_positions_below(ledger: Path, entry: int) -> Positions:
    """{journal: last number in the first `entry` entries}."""
    positions = {}
    for name in names(ledger):
        path = folder(ledger) / f"{name}.idx"
        if count := _batches_below(path, entry):
            positions[name] = _batch(path, count - 1)[0]
    return positions


def find_batch(ledger: Path, journal: str, number: int) -> int | None:
    """The entry whose batch has the record, or None if there is none yet: the first batch whose last number is not below it."""
    path = folder(ledger) / f"{journal}.idx"
    low, high = 0, arrays.length(path, BATCH.size)
    end = high
    while low < high:
        middle = (low + high) // 2
        if _batch(path, middle)[0] < number:
            low = middle + 1
        else:
            high = middle
    return _batch(path, low)[1] if low < end else None


def _batch(path: Path, index: int) -> tuple[int, int]:
    got = arrays.read(path, BATCH.size, index)
    last, entry = BATCH.unpack(got) if got else (0, 0)
    return last, entry


def _batches_below(path: Path, entry: int) -> int:
    """How many batches of a journal are among the first `entry` entries."""
    low, high = 0, arrays.length(path, BATCH.size)
    while low < high:
        middle = (low + high) // 2
        number, at = _batch(path, middle)
        if number and at < entry:
            low = middle + 1
        else:
            high = middle
    return low


class LeafFiles:
    """The writing end. Leaves are synced before the entry that names them; the index of batches is derived."""

    def __init__(self, ledger: Path, files: Files) -> None:
        self._ledger = ledger
        self._files = files
        self._leaves: dict[str, ArrayFile] = {}
        self._batches: dict[str, ArrayFile] = {}
        self._counts: dict[str, int] = {}  # batches of each journal

    def integrated_count(self) -> int:
        """The number of entries that any index of batches calls integrated; all of these were synced."""
        last = 0
        for name in names(self._ledger):
            path = folder(self._ledger) / f"{name}.idx"
            if count := arrays.length(path, BATCH.size):
                number, entry = _batch(path, count - 1)
                last = max(last, entry + 1 if number else 0)
        return last

    def batches_below(self, entry: int) -> dict[str, int]:
        """For each journal how many of its batches are among the first `entry` entries."""
        return {name: _batches_below(folder(self._ledger) / f"{name}.idx", entry) for name in names(self._ledger)}

    def recover(self, counts: dict[str, int]) -> Positions:
        """Continue the index of each journal behind so many batches; return the positions according to them."""
        positions = {}
        for name, count in counts.items():
            self._counts[name] = count
            if count:
                positions[name] = _batch(folder(self._ledger) / f"{name}.idx", count - 1)[0]
        return positions

    def trim(self) -> None:
        """Cut off index data of batches beyond the last add_batch()."""
        for name, count in self._counts.items():
            self._index(name).cut(count)

    def write(self, journal: str, first: int, leaves: Sequence[bytes]) -> None:
        """Put leaves of records first, first + 1, … in their places, unsynced."""
        self._leaf_file(journal).write(first - 1, b"".join(leaves))

    def sync(self, journals: set[str]) -> None:
        for name in sorted(journals):
            self._leaf_file(name).sync()

    def add_batch(self, journal: str, last: int, entry: int) -> None:
        """Say, without sync, that the journal is integrated up to `last`. Only after the entry is synced."""
        count = self._counts.get(journal, 0)
        self._index(journal).write(count, BATCH.pack(last, entry))
        self._counts[journal] = count + 1

    def sync_derived(self) -> None:
        for index in self._batches.values():
            index.sync()

    def close(self) -> None:
        for file in [*self._leaves.values(), *self._batches.values()]:
            file.close()

    def _leaf_file(self, journal: str) -> ArrayFile:
        if journal not in self._leaves:
            self._leaves[journal] = ArrayFile(folder(self._ledger) / f"{journal}.bin", HASH, self._files)
        return self._leaves[journal]

    def _index(self, journal: str) -> ArrayFile:
        if journal not in self._batches:
            self._batches[journal] = ArrayFile(folder(self._ledger) / f"{journal}.idx", BATCH.size, self._files)
        return self._batches[journal]
