"""entries.log: the entries of the ledger in order (docs/formats.md, "Ledger").

An entry is *integrated* when append() has returned. entries.idx, where each entry begins, is derived and written without sync.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson

from civicmail.core.disk.files import File, Files
from civicmail.core.ledger import arrays
from civicmail.core.ledger.arrays import ArrayFile
from civicmail.core.ledger.errors import LedgerDamaged
from civicmail.core.ledger.heads import canonical

FILE_MAGIC = b"CVL1".ljust(16, b"\0")
MAGIC = b"CVE1"
FIXED = struct.Struct("<4sIIIQ")  # magic, length, crc, zero, index
OFFSET = struct.Struct("<Q")
ENTRY_MAX = 1 << 20
BATCH_MOST = 4096


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """The entry about one batch: `count` records of a journal from number `first` on. at: ms since 1970."""

    journal: str
    first: int
    count: int
    root: bytes
    at: int

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    def encode(self) -> bytes:
        plain = {"v": 1, "kind": "batch", "journal": self.journal, "first": self.first, "count": self.count}
        return canonical(plain | {"root": self.root.hex(), "at": self.at})

    @classmethod
    def decode(cls, entry: bytes) -> BatchEntry:
        """Read an entry back; raises ValueError for one of another kind or version."""
        try:
            h = orjson.loads(entry)
            if (h["v"], h["kind"]) != (1, "batch"):
                raise ValueError(f"an entry of kind {h['kind']}, version {h['v']}")
            return cls(h["journal"], h["first"], h["count"], bytes.fromhex(h["root"]), h["at"])
        except (KeyError, TypeError) as error:
            raise ValueError("not an entry of the ledger") from error


def log_path(ledger: Path) -> Path:
    return ledger / "entries.log"


def offsets_path(ledger: Path) -> Path:
    return ledger / "entries.idx"


def encode_frame(index: int, entry: bytes) -> bytes:
    """One entry as it is written to the file."""
    crc = zlib.crc32(entry, zlib.crc32(FIXED.pack(MAGIC, len(entry), 0, 0, index)))
    frame = FIXED.pack(MAGIC, len(entry), crc, 0, index) + entry
    return frame + bytes(-len(frame) % 8)


def decode_frame(buffer: bytes | mmap.mmap, offset: int) -> tuple[int, bytes, int] | None:
    """(index, entry, end) of the frame at offset, or None where there is no whole one."""
    if offset + FIXED.size > len(buffer):
        return None
    magic, size, crc, zero, index = FIXED.unpack_from(buffer, offset)
    start = offset + FIXED.size
    if magic != MAGIC or zero or size > ENTRY_MAX or start + size > len(buffer):
        return None
    entry = bytes(buffer[start : start + size])
    if zlib.crc32(entry, zlib.crc32(FIXED.pack(magic, size, 0, 0, index))) != crc:
        return None
    return index, entry, start + size + -(FIXED.size + size) % 8


def walk(path: Path, offset: int = len(FILE_MAGIC), index: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """(entry, offset, end) of whole frames from offset, the first of which is entry `index`; ends at the first place without
    one."""
    if not path.exists() or path.stat().st_size < len(FILE_MAGIC):
        return
    with path.open("rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as m:
        if m[: len(FILE_MAGIC)] != FILE_MAGIC:
            return
        while (decoded := decode_frame(m, offset)) is not None and decoded[0] == index:
            yield decoded[1], offset, decoded[2]
            index, offset = index + 1, decoded[2]


def read_entry(ledger: Path, index: int) -> bytes:
    """Read one entry by its index. Raises LedgerDamaged if it is missing."""
    got = arrays.read(offsets_path(ledger), OFFSET.size, index)
    if len(got) == OFFSET.size:
        for entry, _, _ in walk(log_path(ledger), int(OFFSET.unpack(got)[0]), index):
            return entry
    raise LedgerDamaged(f"Entry {index} of the ledger cannot be read.")


def time_of(ledger: Path, index: int) -> int:
    """When an entry was integrated, epoch ms. Raises LedgerDamaged."""
    return BatchEntry.decode(read_entry(ledger, index)).at


def first_since(ledger: Path, at: int) -> int:
    """The index of the first entry that was integrated at this time (epoch ms) or later; the number of entries where none was.
    Entries are in order of time, as far as the clock was. Raises LedgerDamaged."""
    low, high = 0, arrays.length(offsets_path(ledger), OFFSET.size)
    while low < high:
        middle = (low + high) // 2
        if time_of(ledger, middle) < at:
            low = middle + 1
        else:
            high = middle
    return low


class EntryLog:
    """The writing end of entries.log and entries.idx. size: entries in it, all of them synced."""

    def __init__(self, ledger: Path, files: Files) -> None:
        self.size = 0
        self._ledger = ledger
        self._files = files
        self._end = 0
        self._file: File | None = None
        self._offsets = ArrayFile(offsets_path(ledger), OFFSET.size, files)

    def recover(self, base: int, floor: int) -> None:
        """Find the end behind the first `base` entries, cut a torn tail, sync. floor: entries that were called integrated; raises
        LedgerDamaged where fewer can be read, and then nothing is cut."""
        path = log_path(self._ledger)
        self.size, self._end = base, self._end_of(base)
        for _, _, end in walk(path, self._end, base):
            self.size, self._end = self.size + 1, end
        if self.size < floor:
            raise LedgerDamaged(f"Entry {self.size} of the ledger is damaged at byte {self._end} of {path.name}; nothing was cut.")
        self._start_file(path)

    def replay(self, base: int) -> Iterator[list[bytes]]:
        """The entries behind the first `base`, some thousands at a time; writes their offsets again and none further."""
        frames = walk(log_path(self._ledger), self._end_of(base), base)
        while some := list(islice(frames, 4096)):
            self._offsets.write(base, b"".join(OFFSET.pack(offset) for _, offset, _ in some))
            base += len(some)
            yield [entry for entry, _, _ in some]
        self._offsets.cut(base)

    def _end_of(self, base: int) -> int:
        if base == 0:
            return len(FILE_MAGIC)
        got = arrays.read(offsets_path(self._ledger), OFFSET.size, base - 1)
        start = int(OFFSET.unpack(got)[0]) if got else 0
        for _, _, end in walk(log_path(self._ledger), start, base - 1):
            return end
        raise LedgerDamaged(f"Entry {base - 1} of the ledger is damaged; a signed checkpoint covers it.")

    def _start_file(self, path: Path) -> None:
        new = not path.exists()
        self._file = self._files.open(path, create=new)
        if self.size == 0:
            self._file.truncate(0)
            self._file.write_at(0, [FILE_MAGIC])
        elif path.stat().st_size > self._end:
            self._file.truncate(self._end)
        self._file.sync()
        self._files.sync_folder(path.parent)

    def append(self, entries: Sequence[bytes]) -> None:
        """Add entries and sync them: with this call they are integrated."""
        assert self._file is not None
        chunks = [encode_frame(self.size + n, entry) for n, entry in enumerate(entries)]
        offsets, end = [], self._end
        for chunk in chunks:
            offsets.append(OFFSET.pack(end))
            end += len(chunk)
        self._file.write_at(self._end, chunks)
        self._file.sync()
        self._offsets.write(self.size, b"".join(offsets))
        self.size, self._end = self.size + len(chunks), end

    def sync_derived(self) -> None:
        self._offsets.sync()

    def close(self) -> None:
        self._offsets.close()
        if self._file is not None:
            self._file.close()
            self._file = None
