"""A small Outlook data file (MS-PST), as tests need one: folders, items, recipients, attachments, items inside items, named
properties; in the layouts of Outlook 97 ("ansi"), 2003 ("unicode") and of OST files since 2013 ("large"), with any cipher."""

from __future__ import annotations

import struct
import uuid
import zlib
from dataclasses import dataclass, field

from civicmail.mail.importers import pst_cipher

type Value = str | int | bytes | tuple[int, bytes]
type Ref = tuple[int, int]  # the block of the content, the block of the nodes inside

_FIXED = {0x03: 4, 0x40: 8, 0x14: 8}
_PLAIN = pst_cipher.plain(bytes(range(256)), pst_cipher.PERMUTE, 0)
_STORED = bytes(_PLAIN.index(byte) for byte in range(256))


def permuted(data: bytes) -> bytes:
    """How Outlook stores the bytes of a block by its first way, of which the program knows only the way back."""
    return data.translate(_STORED)


@dataclass
class File:
    """An attachment: bytes, or an item."""

    name: str
    content: bytes | Mail
    more: dict[int, Value] = field(default_factory=dict)


@dataclass
class Mail:
    """named: (GUID, number or name) to a value."""

    properties: dict[int, Value]
    recipients: list[dict[int, Value]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    named: dict[tuple[str, int | str], Value] = field(default_factory=dict)


def typed(value: Value, wide: bool = True) -> tuple[int, bytes]:
    if isinstance(value, str):
        return (0x1F, value.encode("utf-16-le")) if wide else (0x1E, value.encode("cp1252"))
    if isinstance(value, int):
        return 0x03, struct.pack("<i", value)
    return (0x102, value) if isinstance(value, bytes) else value


class Heap:
    """Pieces in blocks of at most `most` bytes; those that are too long become nodes inside."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.blocks: list[list[bytes]] = [[]]
        self.inside: list[tuple[int, int, int]] = []

    def put(self, data: bytes) -> int:
        if not data:
            return 0
        if len(data) > 3580:
            return self.node(self.book.content(data))
        used = sum(map(len, self.blocks[-1])) + len(self.blocks[-1]) * 2 + 40
        if used + len(data) > self.book.most:
            self.blocks.append([])
        self.blocks[-1].append(data)
        shift = 19 if self.book.kind == "large" else 16
        return len(self.blocks) - 1 << shift | len(self.blocks[-1]) << 5

    def node(self, block: int) -> int:
        id_ = (len(self.inside) + 1) << 5 | 0x1F
        self.inside.append((id_, block, 0))
        return id_

    def tree(self, records: list[bytes], key: int, entry: int) -> int:
        levels, top = 0, self.put(b"".join(records[:200]))
        if len(records) > 200:
            chunks = [records[at : at + 200] for at in range(0, len(records), 200)]
            levels, top = 1, self.put(b"".join(chunk[0][:key] + struct.pack("<I", self.put(b"".join(chunk))) for chunk in chunks))
        return self.put(struct.pack("<BBBBI", 0xB5, key, entry, levels, top))

    def done(self, client: int, root: int, more: list[tuple[int, int, int]]) -> Ref:
        out = []
        for number, pieces in enumerate(self.blocks):
            head = 12 if number == 0 else 2
            places = [head]
            for piece in pieces:
                places.append(places[-1] + len(piece))
            start = places[-1] + places[-1] % 2
            map_ = struct.pack(f"<HH{len(places)}H", len(pieces), 0, *places)
            first = struct.pack("<HBBII", start, 0xEC, client, root, 0) if number == 0 else struct.pack("<H", start)
            out.append((first + b"".join(pieces)).ljust(start, b"\0") + map_)
        return self.book.listed(out), self.book.nodes_inside([*self.inside, *more])


class Book:
    def __init__(self, kind: str = "unicode", cipher: int = pst_cipher.PERMUTE) -> None:
        self.kind = kind
        self.cipher = cipher
        self.most = {"ansi": 8180, "unicode": 8176, "large": 65512}[kind]
        self.blocks: dict[int, bytes] = {}
        self.nodes: dict[int, tuple[int, int, int]] = {}
        self.names: dict[tuple[str, int | str], int] = {}
        self.wide = "I" if kind == "ansi" else "Q"
        self._last = 0
        self._id = 0x200

    # -- blocks

    def _new(self, data: bytes, *, internal: bool = False) -> int:
        self._last += 4
        number = self._last | 2 * internal
        self.blocks[number] = data
        return number

    def content(self, data: bytes) -> int:
        return self.listed([data[at : at + self.most] for at in range(0, len(data), self.most)] or [b""])

    def listed(self, pieces: list[bytes]) -> int:
        numbers = [self._new(piece) for piece in pieces]
        if len(numbers) == 1:
            return numbers[0]
        head = struct.pack("<BBHI", 1, 1, len(numbers), sum(map(len, pieces)))
        return self._new(head + struct.pack(f"<{len(numbers)}{self.wide}", *numbers), internal=True)

    def nodes_inside(self, nodes: list[tuple[int, int, int]]) -> int:
        if not nodes:
            return 0
        head = struct.pack("<BBH", 2, 0, len(nodes)) + b"\0" * (0 if self.kind == "ansi" else 4)
        return self._new(head + b"".join(struct.pack(f"<{3 * self.wide}", *node) for node in sorted(nodes)), internal=True)

    # -- properties and tables

    def properties(self, found: dict[int, Value], inside: list[tuple[int, int, int]] | None = None) -> Ref:
        heap = Heap(self)
        records = []
        for number, value in sorted(found.items()):
            kind, data = typed(value, self.kind != "ansi")
            inline = struct.unpack("<I", data.ljust(4, b"\0"))[0] if kind in {2, 3, 11} else heap.put(data)
            records.append(struct.pack("<HHI", number, kind, inline))
        return heap.done(0xBC, heap.tree(records, 2, 6), inside or [])

    def table(self, rows: list[tuple[int, dict[int, Value]]]) -> Ref:
        heap = Heap(self)
        kinds = {n: typed(v, self.kind != "ansi")[0] for _, row in rows for n, v in row.items()} | {0x67F2: 3, 0x67F3: 3}
        columns, at = [], 0
        for number, kind in sorted(kinds.items(), key=lambda item: (item[0] < 0x67F2, item[0])):
            width = _FIXED.get(kind, 4)
            columns.append((kind, number, at, width, len(columns)))
            at += width
        width = at + -(-len(columns) // 8)
        matrix = b""
        for id_, row in rows:
            cells, marks = bytearray(at), bytearray(width - at)
            for kind, number, place, size, bit in columns:
                data = struct.pack("<I", id_) if number == 0x67F2 else bytes(4) if number == 0x67F3 else None
                if number in row:
                    data = typed(row[number], self.kind != "ansi")[1]
                    data = data if kind in _FIXED else struct.pack("<I", heap.put(data))
                if data is not None:
                    cells[place : place + size] = data
                    marks[bit // 8] |= 0x80 >> bit % 8
            matrix += cells + marks
        per_block = self.most // width * width
        pieces = [matrix[start : start + per_block].ljust(self.most, b"\0") for start in range(0, len(matrix), per_block)]
        place = 0
        if matrix:
            place = heap.node(self.listed(pieces)) if len(matrix) > 3000 else heap.put(matrix)
            if len(pieces) and len(matrix) > 3000:
                self.blocks[self._last_piece(heap)] = matrix[(len(pieces) - 1) * per_block :]
        shape = "<II" if self.kind != "ansi" else "<IH"
        index = heap.tree(
            [struct.pack(shape, id_, n) for n, id_ in sorted(enumerate(id_ for id_, _ in rows), key=lambda x: x[1])],
            4,
            struct.calcsize(shape) - 4,
        )
        info = struct.pack("<BBHHHHIII", 0x7C, len(columns), at, at, at, width, index, place, 0)
        info += b"".join(struct.pack("<HHHBB", *c) for c in sorted(columns, key=lambda c: c[1]))
        return heap.done(0x7C, heap.put(info), [])

    def _last_piece(self, heap: Heap) -> int:
        number = heap.inside[-1][1]
        return int.from_bytes(self.blocks[number][-struct.calcsize(self.wide) :], "little") if number & 2 else number

    # -- items and folders

    def item(self, mail: Mail) -> Ref:
        inside = []
        if mail.recipients:
            inside.append((0x692, *self.table([(n + 1, row) for n, row in enumerate(mail.recipients)])))
        rows = []
        for number, file in enumerate(mail.files):
            id_ = (0x401 + number) << 5 | 0x05
            rows.append((id_, {0x3707: file.name}))
            own: list[tuple[int, int, int]] = []
            found: dict[int, Value] = {0x3707: file.name, 0x3705: 1, **file.more}
            if isinstance(file.content, bytes):
                found.setdefault(0x3701, file.content)
            else:
                own = [(0x9004, *self.item(file.content))]
                found |= {0x3705: 5, 0x3701: (0x0D, struct.pack("<II", 0x9004, 0))}
            inside.append((id_, *self.properties(found, own)))
        if rows:
            inside.append((0x671, *self.table(rows)))
        named = {self.names.setdefault(name, 0x8000 + len(self.names)): value for name, value in mail.named.items()}
        return self.properties({**mail.properties, **named}, inside)

    def folder(self, id_: int, name: str, mails: list[Mail], inner: list[int], parent: int) -> int:
        rows: list[tuple[int, dict[int, Value]]] = []
        for mail in mails:
            self._id += 1
            number = self._id << 5 | 0x04
            self.nodes[number] = (*self.item(mail), id_)
            rows.append((number, {0x0037: "row"}))
        base = id_ & ~0x1F
        self.nodes[id_] = (*self.properties({0x3001: name}), parent)
        self.nodes[base | 0x0D] = (*self.table([(one, {}) for one in inner]), 0)
        self.nodes[base | 0x0E] = (*self.table(rows), 0)
        return id_

    def whole(self, folders: dict[str, list[Mail]]) -> bytes:
        """Folders lie in the one that a person sees."""
        top = 0x8022
        ids = []
        for name, mails in folders.items():
            self._id += 1
            ids.append(self.folder(self._id << 5 | 0x02, name, mails, [], top))
        self.folder(top, "Top of Outlook data file", [], ids, 0x122)
        self.folder(0x122, "", [], [top], 0x122)
        self.nodes[0x21] = (*self.properties({0x35E0: bytes(20) + struct.pack("<I", top)}), 0)
        self.nodes[0x61] = (*self._map(), 0)
        return self._file()

    def _map(self) -> Ref:
        sets, entries, strings = b"", b"", b""
        for (set_, name), number in self.names.items():
            sets += uuid.UUID(set_).bytes_le
            index = len(sets) // 16 - 1 + 3
            value = name if isinstance(name, int) else len(strings)
            entries += struct.pack("<IHH", value, index << 1 | isinstance(name, str), number - 0x8000)
            if isinstance(name, str):
                wide = name.encode("utf-16-le")
                strings += struct.pack("<I", len(wide)) + wide + b"\0" * (-len(wide) % 4)
        return self.properties({1: 251, 2: sets, 3: entries, 4: strings})

    # -- the file

    def _file(self) -> bytes:
        page = 4096 if self.kind == "large" else 512
        self._index_at = 8192
        out = bytearray(8192 + page * (8 + (len(self.blocks) + len(self.nodes)) // 8))
        places = {}
        for number, data in sorted(self.blocks.items()):
            places[number] = len(out), *self._put(out, number, data)
        trailing = {"ansi": "<IIHH", "unicode": "<QQHH4x", "large": "<QQHHI"}[self.kind]
        tails = {n: (size, 2) if self.kind == "large" else (2,) for n, (_, _, size) in places.items()}
        blocks = [struct.pack(trailing, n & ~1, at, stored, *tails[n]) for n, (at, stored, _) in places.items()]
        shape = "<IIII" if self.kind == "ansi" else "<I4xQQI4x"
        nodes = [struct.pack(shape, id_, *node) for id_, node in sorted(self.nodes.items())]
        roots = [self._tree(out, nodes, 0x81), self._tree(out, blocks, 0x80)]
        struct.pack_into("<4sIHHH", out, 0, b"!BDN", 0, 0x4D53, {"ansi": 14, "unicode": 23, "large": 36}[self.kind], 19)
        if self.kind == "ansi":
            struct.pack_into("<I", out, 168, len(out))
            struct.pack_into("<II8xI", out, 184, 1, roots[0], 0)
            struct.pack_into("<II", out, 192, 1, roots[1])
            out[461] = self.cipher
        else:
            struct.pack_into("<Q", out, 184, len(out))
            struct.pack_into("<QQQQ", out, 216, 1, roots[0], 1, roots[1])
            out[513] = self.cipher
        return bytes(out)

    def _put(self, out: bytearray, number: int, data: bytes) -> tuple[int, int]:
        """(bytes stored, bytes when unpacked)."""
        size = len(data)
        if not number & 2:
            data = permuted(data) if self.cipher == pst_cipher.PERMUTE else pst_cipher.plain(data, self.cipher, number)
        if self.kind == "large" and len(packed := zlib.compress(data)) < size:
            data = packed
        sum_ = crc(data)
        trailer = {
            "ansi": struct.pack("<HHII", len(data), 0, number, sum_),
            "unicode": struct.pack("<HHIQ", len(data), 0, sum_, number),
            "large": struct.pack("<HHIQHHI", len(data), 0, sum_, number, 0, size, 0),
        }[self.kind]
        grain = 512 if self.kind == "large" else 64
        out += data + b"\0" * (-(len(data) + len(trailer)) % grain) + trailer
        return len(data), size

    def _tree(self, out: bytearray, entries: list[bytes], kind: int) -> int:
        key = struct.calcsize(self.wide)
        room = {"ansi": 496, "unicode": 488, "large": 4056}[self.kind]
        level = 0
        while True:
            many = room // len(entries[0])
            pages = [entries[at : at + many] for at in range(0, len(entries), many)]
            refs = [struct.pack(f"<{2 * self.wide}", 1, self._page(out, page, kind, level, room)) for page in pages]
            above = [page[0][:key] + ref for page, ref in zip(pages, refs, strict=True)]
            if len(pages) == 1:
                return int(struct.unpack(f"<{self.wide}", above[0][2 * key :])[0])
            entries, level = above, level + 1

    def _page(self, out: bytearray, entries: list[bytes], kind: int, level: int, room: int) -> int:
        """The index lies before the blocks, so that a file that is cut keeps it."""
        at, width = self._index_at, len(entries[0])
        body = b"".join(entries).ljust(room, b"\0")
        if self.kind == "large":
            body += struct.pack("<HHBB10x", len(entries), room // width, width, level)
            body += struct.pack("<BBHIQQ", kind, kind, 0, crc(body), at, 0)
        elif self.kind == "unicode":
            body += struct.pack("<BBBB4x", len(entries), room // width, width, level)
            body += struct.pack("<BBHIQ", kind, kind, 0, crc(body), at)
        else:
            body += struct.pack("<BBBB", len(entries), room // width, width, level)
            body += struct.pack("<BBHII", kind, kind, 0, at, crc(body))
        out[at : at + len(body)] = body
        self._index_at += len(body)
        return at


def crc(data: bytes) -> int:
    """MS-PST 5.3: the CRC-32 of everybody, but from 0 and not turned over."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF
