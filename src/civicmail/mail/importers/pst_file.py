"""An Outlook data file as numbered nodes of bytes: header, the two trees of pages, blocks (MS-PST 2.2), read on demand.

Three layouts: ANSI (versions 14 and 15), Unicode (23), and Unicode with pages of 4,096 bytes and packed blocks.
The last one (36) is in OST files since Outlook 2013; no standard describes it.
A reference outside the file, or to nothing, raises Broken.
No tree is followed deeper, and no node yields more bytes, than the file can hold.
Where the trees are damaged or missing, their remaining pages anywhere in the file are used (pst_recovery.py).
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from os import SEEK_END
from typing import BinaryIO, NamedTuple

from civicmail.core.filetype.types import TYPES
from civicmail.mail.importers import pst_cipher, pst_recovery

_LEVELS = 8  # of a tree of pages; three hold a billion nodes of the smallest layout
_PAGES = 2_048  # pages in the cache, a few hundred entries each
_SUBNODES = 1_000_000
_UNPACKED_MOST = 1 << 16  # bytes of one block
_NODE_MOST = 1 << 30  # bytes of one node: the most that a reader may return at once


class Broken(OSError):
    """The file contradicts itself. The message is the end of a sentence."""


class Missing(Broken):
    """A list of items is missing, not a single item; the message is complete."""


class _Layout(NamedTuple):
    """The layout of a file: in the header the end of the file, the roots of nodes and of blocks, and the cipher; in a page of
    `page` bytes the number of entries, the level, and the trailer; then the shapes of the entries of branches, nodes and blocks, of
    the trailer of a block, and of lists of nodes inside a node, whose head has `head` bytes."""

    end: int
    nodes: int
    blocks: int
    cipher: int
    id: str
    page: int
    number: str
    number_at: int
    level_at: int
    trailer_at: int
    branch: str
    node: str
    block: str
    trailer: str
    head: int
    inside: str
    below: str


_ANSI = _Layout(168, 188, 196, 461, "<I", 512, "<B", 496, 499, 500, "<I4xI", "<IIII", "<IIHH", "<4xII", 4, "<III", "<II")
_UNICODE = _Layout(
    184, 224, 240, 513, "<Q", 512, "<B", 488, 491, 496, "<Q8xQ", "<I4xQQI4x", "<QQHH4x", "<4xIQ", 8, "<I4xQQ", "<I4xQ"
)
_LARGE = _UNICODE._replace(page=4096, number="<H", number_at=4056, level_at=4061, trailer_at=4072, block="<QQHHI")
_LAYOUTS = {14: _ANSI, 15: _ANSI, 21: _UNICODE, 23: _UNICODE, 36: _LARGE}
NODES, BLOCKS = 0x81, 0x80


class Page(NamedTuple):
    """level: 0 for the leaves; entries by key; sure: it has its checksum; written: grows with each page that Outlook writes."""

    level: int
    entries: list[tuple[int, ...]]
    sure: bool
    written: int


@dataclass(frozen=True, slots=True)
class Node:
    """id: of the node; data, inside: the blocks of its content and of the nodes inside it, 0 for none."""

    file: PstFile
    id: int
    data: int
    inside: int

    def blocks(self) -> list[bytes]:
        """The content, block by block."""
        return self.file.content(self.data)

    def content(self) -> bytes:
        return b"".join(self.blocks())

    def nodes(self) -> dict[int, Node]:
        """The nodes inside this one by id."""
        return self.file.inside(self.inside)


class PstFile:
    """Raises Broken for an unknown header. damaged: blocks without a valid checksum that were read so far; mended: whether the
    trees were damaged, so that items may be missing unnoticed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, SEEK_END)
        file.seek(0)
        header = file.read(564)
        version = int.from_bytes(header[10:12], "little")
        if not header.startswith(TYPES["pst"].starts) or len(header) < 564:
            raise Broken("it is no Outlook data file")
        if version == 37:
            raise Broken("it is encrypted by Windows for the account of its owner")
        if version not in _LAYOUTS:
            raise Broken(f"nobody knows its version {version}")
        self.large, self.unicode = version == 36, version > 15
        self.layout = layout = _LAYOUTS[version]
        (self.stated_size,) = struct.unpack_from(layout.id, header, layout.end)
        (nodes,) = struct.unpack_from(layout.id, header, layout.nodes)
        (blocks,) = struct.unpack_from(layout.id, header, layout.blocks)
        self._roots = {NODES: nodes, BLOCKS: blocks}
        self._cipher = header[layout.cipher]
        if self._cipher > pst_cipher.CYCLIC:
            raise Broken(f"nobody knows its encryption {self._cipher}")
        self._page = lru_cache(_PAGES)(self._read_page)
        self._spare: dict[int, dict[int, tuple[int, ...]]] = {}
        self.damaged = 0

    @property
    def mended(self) -> bool:
        return bool(self._spare)

    def node(self, id_: int) -> Node | None:
        entry = self._find(NODES, id_)
        return Node(self, id_, entry[1], entry[2]) if entry else None

    def parents(self) -> Iterator[tuple[int, int]]:
        """(id, id of its parent) of every node, by a full scan."""
        waiting = [(self._roots[NODES], _LEVELS)]
        try:
            while waiting:
                at, levels = waiting.pop()
                page = self._page(at, NODES)
                if not page.level:
                    yield from [(entry[0], entry[3]) for entry in page.entries]
                elif levels:
                    waiting += [(below, levels - 1) for _, below in reversed(page.entries)]
        except Broken:
            yield from sorted((id_, entry[3]) for id_, entry in self._spared(NODES).items())

    def content(self, block: int) -> list[bytes]:
        """The bytes of a block, or of those that it lists, in pieces."""
        if not block:
            return []
        left = min(_NODE_MOST, self.size * (64 if self.large else 1))
        out: list[bytes] = []
        waiting = [(block, 2)]
        while waiting:
            number, levels = waiting.pop()
            data = self._block(number)
            if number & 2:
                if data[:1] != b"\1" or not levels:
                    raise Broken("a list of blocks is none")
                waiting += [(below, levels - 1) for (below,) in reversed(list(_entries(data, 8, self.layout.id)))]
            else:
                out.append(data)
            left -= len(data)
            if left < 0:
                raise Broken("one of its values would be longer than the file")
        return out

    def inside(self, block: int) -> dict[int, Node]:
        """The nodes inside a node, from the block that lists them."""
        nodes: dict[int, Node] = {}
        waiting = [(block, 1)] if block else []
        layout = self.layout
        while waiting and len(nodes) < _SUBNODES:
            number, levels = waiting.pop()
            data = self._block(number)
            if data[:1] != b"\2" or not number & 2:
                raise Broken("a list of nodes is none")
            if data[1]:
                if not levels:
                    raise Broken("a list of nodes never ends")
                waiting += [(below, 0) for _, below in reversed(list(_entries(data, layout.head, layout.below)))]
            else:
                for id_, content, inner in _entries(data, layout.head, layout.inside):
                    nodes[id_] = Node(self, id_, content, inner)
        return nodes

    def _block(self, number: int) -> bytes:
        entry = self._find(BLOCKS, number & ~1)
        if entry is None:
            raise Broken("a block is missing")
        data = self._stored(number, entry[1], entry[2])
        if self.large and entry[3] and entry[3] != entry[2]:
            try:
                data = zlib.decompressobj().decompress(data, _UNPACKED_MOST)
            except zlib.error:
                raise Broken("a packed block is damaged") from None
        return data if number & 2 else pst_cipher.plain(data, self._cipher, number & 0xFFFFFFFF)

    def _stored(self, number: int, at: int, size: int) -> bytes:
        """The bytes of a block as stored; its trailer names their owner (MS-PST 2.2.2.8.1)."""
        if self.large:
            return self.bytes(at, size)
        trailer = self.layout.trailer
        whole = self.bytes(at, -(-(size + struct.calcsize(trailer)) // 64) * 64)
        first, second = struct.unpack_from(trailer, whole, len(whole) - struct.calcsize(trailer))
        sum_, written = (first, second) if self.unicode else (second, first)
        if written & ~1 != number & ~1:
            raise Broken("a block is not where its index says")
        self.damaged += sum_ != checksum(whole[:size])
        return whole[:size]

    def _find(self, kind: int, key: int) -> tuple[int, ...] | None:
        at = self._roots[kind]
        try:
            for _ in range(_LEVELS):
                page = self._page(at, kind)
                place = bisect_right(page.entries, key, key=_first) - 1
                if place < 0:
                    return None
                if not page.level:
                    return page.entries[place] if page.entries[place][0] == key else None
                at = page.entries[place][1]
        except Broken:
            return self._spared(kind).get(key)
        raise Broken("a tree of pages never ends")

    def _spared(self, kind: int) -> dict[int, tuple[int, ...]]:
        if kind not in self._spare:
            self._spare[kind] = pst_recovery.leaves(self, kind)
        return self._spare[kind]

    def _read_page(self, at: int, kind: int) -> Page:
        page = self.page(self.bytes(at, self.layout.page), kind)
        if page is None or not page.sure:
            raise Broken("a page of its index is damaged or missing")
        return page

    def page(self, page: bytes, kind: int) -> Page | None:
        """These bytes as a page of a tree; None if they are not one."""
        layout = self.layout
        if page[layout.trailer_at] != kind or page[layout.trailer_at + 1] != kind:
            return None
        (count,) = struct.unpack_from(layout.number, page, layout.number_at)
        level, width = page[layout.level_at], page[layout.level_at - 1]
        shape = layout.branch if level else layout.node if kind == NODES else layout.block
        if level > _LEVELS or width < struct.calcsize(shape) or count * width > layout.number_at:
            return None
        entries = [struct.unpack_from(shape, page, place) for place in range(0, count * width, width)]
        if any(a[0] >= b[0] for a, b in pairwise(entries)):
            return None
        if self.unicode:
            sum_, written = struct.unpack_from("<IQ", page, layout.trailer_at + 4)
        else:
            written, sum_ = struct.unpack_from("<II", page, layout.trailer_at + 4)
        return Page(level, entries, self.large or sum_ == checksum(page[: layout.trailer_at]), written)

    def bytes(self, at: int, size: int) -> bytes:
        """Raises Broken where the file does not reach as far."""
        if at + size > self.size:
            raise Broken("it is cut short")
        self._file.seek(at)
        data = self._file.read(size)
        if len(data) < size:
            raise Broken("it is cut short")
        return data


def checksum(data: bytes) -> int:
    """The CRC-32 of MS-PST 5.3, which starts from 0 and is not turned over at its end."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _entries(data: bytes, head: int, shape: str) -> Iterator[tuple[int, ...]]:
    """The entries of a list of blocks or nodes: as many as it states and contains."""
    size = struct.calcsize(shape)
    count = min(int.from_bytes(data[2:4], "little"), (len(data) - head) // size)
    return struct.iter_unpack(shape, data[head : head + max(0, count) * size])


def _first(entry: tuple[int, ...]) -> int:
    return entry[0]
