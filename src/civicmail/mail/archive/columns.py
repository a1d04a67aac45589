"""Packed fixed-width keys with their row numbers, for indexes in memory with up to a million keys.

A key is found by scanning the packed bytes, in a few milliseconds for a million, so that a command with one query needs no table; a
frequent caller gets one.
"""

from __future__ import annotations

from collections.abc import Iterator

SCANS = 24  # lookups before a table is made
_SUFFIX = 8  # last bytes of a key, by which the table finds it: of ids and hashes they are chance


class Keys:
    """Append to `packed`, whole keys only. width: bytes of a key, at least eight."""

    __slots__ = ("_listed", "_lookups", "_table", "packed", "width")

    def __init__(self, width: int) -> None:
        self.packed = bytearray()
        self.width = width
        self._table: dict[bytes, int | list[int]] = {}
        self._listed = 0  # rows that are in the table
        self._lookups = 0

    def __len__(self) -> int:
        return len(self.packed) // self.width

    def __getitem__(self, row: int) -> bytes:
        return bytes(self.packed[row * self.width : (row + 1) * self.width])

    def rows(self, key: bytes) -> list[int]:
        """Every row with this key, in order."""
        self._lookups += 1
        if self._lookups <= SCANS:
            return list(self.beginning(key))
        self._list()
        entry = self._table.get(key[-_SUFFIX:])
        candidates = [] if entry is None else [entry] if isinstance(entry, int) else entry
        return [row for row in candidates if self[row] == key]

    def beginning(self, start: bytes) -> Iterator[int]:
        """Every row whose key begins with these bytes, by scanning."""
        at = self.packed.find(start)
        while at >= 0:
            row, within = divmod(at, self.width)
            if not within:
                yield row
            at = self.packed.find(start, at + 1)

    def _list(self) -> None:
        for row in range(self._listed, len(self)):
            end = (row + 1) * self.width
            key = bytes(self.packed[end - _SUFFIX : end])
            entry = self._table.setdefault(key, row)
            if isinstance(entry, list):
                entry.append(row)
            elif entry != row:
                self._table[key] = [entry, row]
        self._listed = len(self)
