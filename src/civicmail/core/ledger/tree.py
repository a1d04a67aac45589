"""The Merkle tree over all entries on disk: one array of complete subtrees for each level, so that appends and proofs are O(log
n)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from civicmail.core.disk.files import Files
from civicmail.core.ledger import arrays, merkle
from civicmail.core.ledger.arrays import ArrayFile
from civicmail.core.ledger.errors import LedgerDamaged

LEVELS = 64


def level_path(folder: Path, level: int) -> Path:
    """Path of the nodes of a level; level 0 is the leaf hashes of the entries."""
    return folder / f"{level}.bin"


def stored(folder: Path) -> merkle.Node:
    """The nodes of a tree folder, read on demand; raises LedgerDamaged for a missing one."""

    def node(level: int, index: int) -> bytes:
        got = arrays.read(level_path(folder, level), merkle.HASH, index)
        if len(got) != merkle.HASH:
            raise LedgerDamaged(f"Node {index} of level {level} of the ledger's tree is missing.")
        return got

    return node


class Tree:
    """The writing end of the tree. size: entries in it."""

    def __init__(self, folder: Path, files: Files, size: int) -> None:
        self.size = size
        self._folder = folder
        self._files = files
        self._levels: list[ArrayFile] = []

    def trim(self) -> None:
        """Cut everything behind the tree of this size."""
        for level in range(LEVELS):
            if level_path(self._folder, level).exists():
                self._level(level).cut(self.size >> level)

    @staticmethod
    def holds(folder: Path, size: int) -> bool:
        """Whether every level is as long as a tree of this size needs."""
        return all(arrays.length(level_path(folder, n), merkle.HASH) >= size >> n for n in range(size.bit_length()))

    def append(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes and every subtree that they complete; one write for each level. Nothing is synced."""
        new, start, level = list(leaves), self.size, 0
        while new:
            array = self._level(level)
            array.write(start, b"".join(new))
            if start % 2:
                new.insert(0, self.node(level, start - 1))
                start -= 1
            new, start, level = merkle.pair_up(new), start // 2, level + 1
        self.size += len(leaves)

    def node(self, level: int, index: int) -> bytes:
        """The root of one whole subtree."""
        got = self._level(level).read(index)
        if len(got) != merkle.HASH:
            raise LedgerDamaged(f"Node {index} of level {level} of the ledger's tree is missing.")
        return got

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` entries, of all when none is given."""
        return merkle.root_at(self.size if size is None else size, self.node)

    def sync(self) -> None:
        for level in self._levels:
            level.sync()

    def close(self) -> None:
        for level in self._levels:
            level.close()

    def _level(self, level: int) -> ArrayFile:
        while len(self._levels) <= level:
            self._levels.append(ArrayFile(level_path(self._folder, len(self._levels)), merkle.HASH, self._files))
        return self._levels[level]
