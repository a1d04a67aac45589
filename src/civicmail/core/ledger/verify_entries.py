"""Verify entries, leaves, tree and checkpoints against each other in one pass over entries.log.

Shares only the format (docs/formats.md, "Ledger") with its writer: it imports nothing of merkle, entries, tree, leaves, notes or
sequencer. Unfinished data of a live writer is distinguished from damage by the number of entries that were integrated before
reading began.
"""

from __future__ import annotations

import base64
import json
import mmap
import struct
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from civicmail.core.ledger.problems import Problem, records_text

_FIXED = struct.Struct("<4sIIIQ")
_BATCH_INDEX = struct.Struct("<QQ")
_START = 16
Report = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch whose leaves do not give the root of its entry."""

    entry: int
    journal: str
    first: int
    count: int
    root: bytes


@dataclass(slots=True)
class Ledger:
    """The result of one pass over entries.log. covered: {journal: [(first, last), …]}; roots: {size: root} of the requested
    sizes."""

    entries: int = 0
    covered: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    wrong: list[Batch] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)

    def last(self, journal: str) -> int:
        """The integrated position of a journal."""
        return self.covered[journal][-1][1] if self.covered.get(journal) else 0

    def covers(self, journal: str, number: int) -> bool:
        return any(first <= number <= last for first, last in self.covered.get(journal, ()))


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as the sum of the whole subtrees of a growing tree."""
    stack = Peaks()
    for leaf in leaves:
        stack.add(leaf, lambda level, index, node: None)
    return stack.root()


class Peaks:
    """The whole subtrees of a growing tree, largest first: all that is needed to give its root at any moment."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes, whole: Callable[[int, int, bytes], None]) -> None:
        """Add a leaf hash; `whole` is called with (level, index, hash) of each subtree that it completes."""
        level, index, node = 0, self.size, leaf
        whole(level, index, node)
        while index & 1:
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            level, index = level + 1, index >> 1
            whole(level, index, node)
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return sha256(b"").digest()
        node = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            node = sha256(b"\x01" + peak + node).digest()
        return node


def read_checkpoint(note: str, key: bytes) -> tuple[int, bytes] | None:
    """(size, root) of a note that this key signed, else None."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    name = f"civicmail-ledger-{sha256(key).hexdigest()[:16]}"
    try:
        if len(lines) != 4 or lines[0] != name:
            return None
        blob = base64.b64decode(signatures.splitlines()[0].removeprefix(f"\N{EM DASH} {name} "), validate=True)
        if blob[:4] != sha256(name.encode() + b"\n\x01" + key).digest()[:4]:
            return None
        Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], (text + "\n").encode())
        return int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (ValueError, IndexError, InvalidSignature):
        return None


def integrated_count(ledger: Path) -> int:
    """The number of integrated entries. Call this before read()."""
    highest = 0
    for path in sorted((ledger / "leaves").glob("*.idx")):
        content = path.read_bytes()
        whole = len(content) // _BATCH_INDEX.size * _BATCH_INDEX.size
        highest = max(
            [highest] + [entry + 1 for number, entry in _BATCH_INDEX.iter_unpack(content[:whole][-_BATCH_INDEX.size :]) if number]
        )
    return highest


class Reading:
    """One pass. sizes: those whose roots are needed; signed: entries below this were synced with everything derived from them."""

    def __init__(self, ledger: Path, sizes: set[int], signed: int, known: int, report: Report) -> None:
        self._folder = ledger
        self._sizes = sizes
        self._signed = signed
        self._known = max(signed, known)
        self._report = report
        self._peaks = Peaks()
        self._maps: dict[Path, bytes | mmap.mmap] = {}
        self._doubtful: list[int] = []  # entries that the tree has otherwise, ascending
        self._suspects: list[tuple[Path, int, bytes]] = []
        self.contents = Ledger()

    def read(self) -> Ledger:
        self._note_root()
        for index, entry, end in self._frames():
            if entry is None:
                leaf = bytes(self._map(self._level(0))[32 * index : 32 * index + 32])
                self._cover_unread(index)
            else:
                leaf = sha256(b"\x00" + entry).digest()
                self._check_offset(index, end, len(entry))
                self._check_batch(index, entry)
            self._peaks.add(leaf, self._check_node)
            self._note_root()
        self.contents.entries = self._peaks.size
        if self._signed <= self.contents.entries < self._known:  # a larger checkpoint is the caller's to name
            text = f"The ledger has {self.contents.entries} entries, but {self._known} had been integrated: it was set back or cut."
            self._report(Problem("rolled back", text))
        self._check_suspects()
        return self.contents

    def _note_root(self) -> None:
        if self._peaks.size in self._sizes:
            self.contents.roots[self._peaks.size] = self._peaks.root()

    def _frames(self) -> Iterator[tuple[int, bytes | None, int]]:
        """(index, entry, end), the entry None where it is damaged."""
        content = self._map(self._folder / "entries.log")
        if self._known and content[:_START] != b"CVL1".ljust(_START, b"\0"):
            self._report(Problem("damaged", "The header of entries.log is damaged."))
        offset, index = _START, 0
        while True:
            frame = _frame(content, offset)
            if frame is None or frame[0] != index:
                later = _next_frame(content, offset, index)
                if later is None and (index >= self._known or offset == len(content)):
                    return
                upto = later[0] if later else self._known
                lost = f"Entry {index}" if upto == index + 1 else f"Entries {index} to {upto - 1}"
                self._report(Problem("damaged", f"{lost} of the ledger cannot be read at byte {offset} of entries.log."))
                yield from ((n, None, offset) for n in range(index, upto))
                if later is None:
                    return
                frame = later
            if any(content[frame[2] - (-(_FIXED.size + len(frame[1])) % 8) : frame[2]]):
                self._report(Problem("altered", f"Behind entry {frame[0]} of the ledger stand bytes where zeros belong."))
            yield frame
            index, offset = frame[0] + 1, frame[2]

    def _check_offset(self, index: int, end: int, size: int) -> None:
        start = (end - _FIXED.size - size) & ~7
        self._compare(self._folder / "entries.idx", 8, index, struct.pack("<Q", start), index < self._signed)

    def _check_batch(self, index: int, entry: bytes) -> None:
        try:
            plain = json.loads(entry)
            if (plain["v"], plain["kind"]) != (1, "batch"):
                raise ValueError("an entry of another kind")
            batch = Batch(index, plain["journal"], int(plain["first"]), int(plain["count"]), bytes.fromhex(plain["root"]))
            if not (batch.journal.isalnum() and 0 < batch.count <= 4096 and batch.first > 0):
                raise ValueError("a batch that cannot be")
        except (ValueError, KeyError, TypeError, AttributeError):
            self._report(Problem("altered", f"Entry {index} of the ledger is not an entry of a version that is known here."))
            return
        self._cover(batch)
        content = self._map(self._folder / "leaves" / f"{batch.journal}.bin")
        start = 32 * (batch.first - 1)
        blob = content[start : start + 32 * batch.count]
        leaves = [bytes(blob[i : i + 32]) for i in range(0, len(blob), 32)]
        if len(blob) != 32 * batch.count or root_of(leaves) != batch.root:
            self.contents.wrong.append(batch)

    def _cover_unread(self, index: int) -> None:
        """An entry that cannot be read still covers the records that the index of batches gives it."""
        for path in sorted((self._folder / "leaves").glob("*.idx")):
            first, content = 1, path.read_bytes()
            for last, entry in _BATCH_INDEX.iter_unpack(content[: len(content) // _BATCH_INDEX.size * _BATCH_INDEX.size]):
                if entry == index and last >= first:
                    self._cover(Batch(index, path.stem, first, last - first + 1, b""))
                first = last + 1

    def _cover(self, batch: Batch) -> None:
        spans = self.contents.covered.setdefault(batch.journal, [])
        last = spans[-1][1] if spans else 0
        if batch.first == last + 1 and spans:
            spans[-1] = (spans[-1][0], batch.first + batch.count - 1)
            return
        if batch.first > last + 1:
            left = records_text(last + 1, batch.first - 1, batch.journal)
            self._report(Problem("gap", f"Before entry {batch.entry} the ledger left out {left}.", batch.journal, last + 1))
        elif batch.first <= last:
            text = f"Entry {batch.entry} of the ledger says records of journal {batch.journal} again, from {batch.first}."
            self._report(Problem("altered", text, batch.journal, batch.first))
        spans.append((batch.first, batch.first + batch.count - 1))

    def _check_node(self, level: int, index: int, node: bytes) -> None:
        first, end = index << level, (index + 1) << level
        if level and bisect_left(self._doubtful, first) < bisect_left(self._doubtful, end):
            return  # a changed entry was named already; every node above it would be named again
        if not self._compare(self._level(level), 32, index, node, end <= self._signed) and level == 0:
            self._doubtful.append(index)

    def _compare(self, path: Path, width: int, index: int, expected: bytes, synced: bool) -> bool:
        """Whether a derived item is right. It is wrong if it differs; a missing one is wrong only if it was synced."""
        content = self._map(path)
        got = content[width * index : width * (index + 1)]
        if got != expected:
            if synced:
                self._name(path, index)
            elif not _is_unfinished(got, expected):
                self._suspects.append((path, index, expected))
        return got == expected

    def _check_suspects(self) -> None:
        for path, index, expected in self._suspects:  # a live writer has had the time of the whole pass to finish them
            with path.open("rb") as f:
                f.seek(len(expected) * index)
                got = f.read(len(expected))
            if got != expected and not _is_unfinished(got, expected):
                self._name(path, index)

    def _name(self, path: Path, index: int) -> None:
        text = f"Item {index} of {path.relative_to(self._folder)} is not what the entries give."
        self._report(Problem("altered", text))

    def _level(self, level: int) -> Path:
        return self._folder / "tree" / f"{level}.bin"

    def _map(self, path: Path) -> bytes | mmap.mmap:
        if path not in self._maps:
            self._maps[path] = open_map(path)
        return self._maps[path]

    def close(self) -> None:
        for content in self._maps.values():
            if isinstance(content, mmap.mmap):
                content.close()


def open_map(path: Path) -> bytes | mmap.mmap:
    """The bytes of a file as they are now; b"" where it is missing or empty."""
    try:
        with path.open("rb") as f:
            return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, ValueError):  # ValueError: an empty file cannot be mapped
        return b""


def _is_unfinished(got: bytes, expected: bytes) -> bool:
    """Whether an item looks like a write that did not reach the disk completely; the next lease holder writes it again."""
    return len(got) < len(expected) or expected.startswith(got.rstrip(b"\0"))


def _frame(content: bytes | mmap.mmap, offset: int) -> tuple[int, bytes, int] | None:
    if offset + _FIXED.size > len(content):
        return None
    magic, size, crc, zero, index = _FIXED.unpack_from(content, offset)
    end = offset + _FIXED.size + size
    if magic != b"CVE1" or zero or size > 1 << 20 or end > len(content):
        return None
    entry = bytes(content[offset + _FIXED.size : end])
    if zlib.crc32(entry, zlib.crc32(_FIXED.pack(magic, size, 0, 0, index))) != crc:
        return None
    return index, entry, (end + 7) & ~7


def _next_frame(content: bytes | mmap.mmap, offset: int, least: int) -> tuple[int, bytes, int] | None:
    at = content.find(b"CVE1", offset + 1)
    while at >= 0:
        if at % 8 == 0 and (frame := _frame(content, at)) is not None and frame[0] >= least:
            return frame
        at = content.find(b"CVE1", at + 1)
    return None
