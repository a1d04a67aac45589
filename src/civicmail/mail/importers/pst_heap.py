"""Property lists and tables inside a node of an Outlook data file (MS-PST 2.3): a heap, trees in it, and both structures on top.

An error in one value is reported for that value (`wrong`), and the others are read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from civicmail.mail.importers.pst_file import Broken, Node

_MANY = 1_000_000
_LEVELS = 8
_INLINE = {0x02: 2, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 1}  # types whose value stands where the place of others does
_TREE, _TABLE = 0xB5, 0x7C


class Raw(NamedTuple):
    """A value as it is stored. place: where it is stored, for an object that is a node."""

    number: int
    kind: int
    data: bytes
    place: int


class Heap:
    """Raises Broken where the node is no heap."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._blocks = node.blocks()
        if not self._blocks or self._blocks[0][2:3] != b"\xec" or len(self._blocks[0]) < 12:
            raise Broken("an item has no properties")
        self.root = int.from_bytes(self._blocks[0][4:8], "little")
        self.nodes = node.nodes()
        self._shift = 19 if node.file.large else 16

    def piece(self, place: int) -> bytes:
        """place: 5 bits of zero, number in its block from 1, block."""
        block, number = place >> self._shift, (place & (1 << self._shift) - 1) >> 5
        try:
            data = self._blocks[block]
            (map_,) = struct.unpack_from("<H", data)
            (count,) = struct.unpack_from("<H", data, map_)
            first, end = struct.unpack_from("<HH", data, map_ + 2 + number * 2)
        except (IndexError, struct.error):
            raise Broken("a value lies outside its block") from None
        if not 1 <= number <= count or not first <= end <= len(data):
            raise Broken("a value lies outside its block")
        return data[first:end]

    def value(self, place: int) -> bytes:
        """A piece of this heap, or the content of a node inside."""
        if not place:
            return b""
        return b"".join(self.pieces(place)) if place & 0x1F else self.piece(place)

    def pieces(self, place: int) -> list[bytes]:
        """The blocks that a node inside consists of."""
        if place not in self.nodes:
            raise Broken("a value is missing")
        return self.nodes[place].blocks()

    def tree(self, place: int, key: int, entry: int) -> Iterator[bytes]:
        """The records of a tree, key first. key, entry: bytes of each."""
        head = self.piece(place)
        if len(head) < 8 or head[0] != _TREE or (head[1], head[2]) != (key, entry) or head[3] > _LEVELS:
            raise Broken("a tree of values is none")
        waiting = [(int.from_bytes(head[4:8], "little"), head[3])]
        count = 0
        while waiting:
            place, level = waiting.pop()
            if not place:
                continue
            data = self.piece(place)
            size = key + (4 if level else entry)
            records = [data[at : at + size] for at in range(0, len(data) // size * size, size)]
            count += len(records)
            if count > _MANY:
                raise Broken("a tree of values never ends")
            if level:
                waiting += [(int.from_bytes(record[key:], "little"), level - 1) for record in reversed(records)]
            else:
                yield from records


def properties(heap: Heap, wrong: Callable[[int, Broken], None]) -> Iterator[Raw]:
    """The properties of a node (MS-PST 2.3.3)."""
    for record in heap.tree(heap.root, 2, 6):
        number, kind, place = struct.unpack("<HHI", record)
        if not kind:  # an empty slot, which some writers leave
            continue
        try:
            yield Raw(number, kind, record[4 : 4 + _INLINE[kind]] if kind in _INLINE else heap.value(place), place)
        except Broken as error:
            wrong(number, error)


class _Column(NamedTuple):
    kind: int
    number: int
    at: int
    width: int
    bit: int


class Table:
    """The rows of a table (MS-PST 2.3.4). Raises Broken where the node is none."""

    def __init__(self, node: Node) -> None:
        self._heap = Heap(node)
        head = self._heap.piece(self._heap.root)
        if len(head) < 22 or head[0] != _TABLE:
            raise Broken("a table is none")
        self._marks, self._width = struct.unpack_from("<HH", head, 6)
        self._index, self._rows = struct.unpack_from("<II", head, 10)
        self._number = 4 if node.file.unicode else 2
        self._columns = [
            _Column(*struct.unpack_from("<HHHBB", head, at)) for at in range(22, min(22 + head[1] * 8, len(head) - 7), 8)
        ]

    def ids(self) -> list[int]:
        """The ids of the rows, which are those of nodes, in their order."""
        return [int.from_bytes(record[:4], "little") for record in self._heap.tree(self._index, 4, self._number)]

    def rows(self, wrong: Callable[[int, Broken], None]) -> Iterator[list[Raw]]:
        """The values of each row."""
        if not self._rows or not self._width:
            return
        blocks = self._heap.pieces(self._rows) if self._rows & 0x1F else [self._heap.piece(self._rows)]
        for block in blocks:  # no row spans two blocks
            for at in range(0, len(block) // self._width * self._width, self._width):
                yield list(self._row(block[at : at + self._width], wrong))

    def _row(self, row: bytes, wrong: Callable[[int, Broken], None]) -> Iterator[Raw]:
        for kind, number, at, width, bit in self._columns:
            place = self._marks + bit // 8
            if at + width > len(row) or place >= len(row) or not row[place] & 0x80 >> bit % 8:
                continue
            cell = row[at : at + width]
            try:
                stored = kind not in _INLINE and kind not in _FIXED
                value = int.from_bytes(cell, "little") if stored else 0
                yield Raw(number, kind, self._heap.value(value) if stored else cell, value)
            except Broken as error:
                wrong(number, error)


_FIXED = frozenset({0x05, 0x06, 0x07, 0x14, 0x40})
