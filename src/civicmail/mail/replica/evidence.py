"""Send the ledger: leaves, then the entries that name them, and never an entry about records that the copy lacks."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from civicmail.core.disk.tail import Positions
from civicmail.core.ledger import arrays, entries, leaves
from civicmail.core.ledger.entries import BatchEntry
from civicmail.core.ledger.merkle import HASH
from civicmail.core.ledger.sequencer import folder
from civicmail.mail.replica.copy_folder import ENTRIES, end_mark
from civicmail.mail.replica.errors import Diverged
from civicmail.mail.replica.journals import CHUNK, Holdings
from civicmail.mail.replica.links import Link

BATCH_SIZE = 4096  # entries


def integrated_count(data: Path) -> int:
    """Entries that were called integrated and so are synced; may be behind for a moment, never ahead."""
    last, place = 0, folder(data)
    for name in leaves.names(place):
        path = leaves.folder(place) / f"{name}.idx"
        if count := arrays.length(path, leaves.BATCH.size):
            number, entry = leaves.BATCH.unpack(arrays.read(path, leaves.BATCH.size, count - 1))
            last = max(last, entry + 1 if number else 0)
    return last


class Evidence:
    """size: entries that the copy has, synced. Raises Diverged where it has other ones than we do."""

    def __init__(self, data: Path, link: Link, held: Holdings) -> None:
        self._data = data
        self._link = link
        self._path = entries.log_path(folder(data))
        self.size = 0
        self._end = 0  # bytes of entries.log in the copy; its head comes with the first entry
        self._leaves: Positions = {}  # {journal: leaves in the copy}
        self._meet(held)

    def _meet(self, held: Holdings) -> None:
        length, mark = held.get(ENTRIES, (0, ""))
        if length:
            self.size, self._end = self._known_before(length)
            for _, _, end in entries.walk(self._path, self._end, self.size):
                if end > length:
                    break
                self.size, self._end = self.size + 1, end
            with self._path.open("rb") as h:
                ours = end_mark(h.fileno(), length)
            if self._end != length or ours != mark:
                raise Diverged("The ledger of the copy is not the beginning of the ledger of this installation.")
        self._leaves = self._positions(self.size)
        for path, (size, _) in held.items():
            if path.startswith("ledger/leaves/"):
                last = self._leaves.setdefault(Path(path).stem, 0)
                if size > last * HASH:
                    self._link.send({"do": "cut", "path": path, "at": last * HASH})
                elif size < last * HASH:
                    raise Diverged(f"{path} of the copy lacks leaves of entries that it has.")

    def _known_before(self, length: int) -> tuple[int, int]:
        """(index, offset) of the last entry that the index of offsets has at or before `length` bytes."""
        path = entries.offsets_path(folder(self._data))
        low, high, known = 0, arrays.length(path, entries.OFFSET.size), (0, len(entries.FILE_MAGIC))
        while low < high:
            middle = (low + high) // 2
            offset = int(entries.OFFSET.unpack(arrays.read(path, entries.OFFSET.size, middle))[0])
            if offset <= length:
                low, known = middle + 1, (middle, offset)
            else:
                high = middle
        return known

    def _positions(self, size: int) -> Positions:
        """{journal: last number integrated by the first `size` entries}."""
        positions: Positions = {}
        place = folder(self._data)
        for name in leaves.names(place):
            path = leaves.folder(place) / f"{name}.idx"
            low, high = 0, arrays.length(path, leaves.BATCH.size)
            while low < high:
                middle = (low + high) // 2
                if leaves.BATCH.unpack(arrays.read(path, leaves.BATCH.size, middle))[1] < size:
                    low = middle + 1
                else:
                    high = middle
            if low:
                positions[name] = leaves.BATCH.unpack(arrays.read(path, leaves.BATCH.size, low - 1))[0]
        return positions

    def send(self, until: int, covered: Positions) -> None:
        """Send entries up to `until` as far as the copy has their records. covered: {journal: number} that it has."""
        while self.size < until:
            some = list(islice(entries.walk(self._path, self._start(), self.size), min(BATCH_SIZE, until - self.size)))
            some = self._covered(some, covered)
            if not some:
                return
            self._send_leaves(some)
            self._link.ask({"do": "sync"})
            end = some[-1][2]
            with self._path.open("rb") as h:
                for at in range(self._end, end, CHUNK):
                    body = os.pread(h.fileno(), min(CHUNK, end - at), at)
                    self._link.send({"do": "append", "path": ENTRIES, "at": at}, body)
            self._link.ask({"do": "sync"})
            self.size, self._end = self.size + len(some), end

    def _start(self) -> int:
        return max(self._end, len(entries.FILE_MAGIC))

    def _covered(self, some: list[tuple[bytes, int, int]], covered: Positions) -> list[tuple[bytes, int, int]]:
        for n, (entry, _, _) in enumerate(some):
            batch = BatchEntry.decode(entry)
            if batch.last > covered.get(batch.journal, 0):
                return some[:n]
        return some

    def _send_leaves(self, some: list[tuple[bytes, int, int]]) -> None:
        last: Positions = {}
        for entry, _, _ in some:
            batch = BatchEntry.decode(entry)
            last[batch.journal] = batch.last
        for name, number in last.items():
            have = self._leaves.get(name, 0)
            path = f"ledger/leaves/{name}.bin"
            with (self._data / path).open("rb") as h:
                for at in range(have * HASH, number * HASH, CHUNK):
                    body = os.pread(h.fileno(), min(CHUNK, number * HASH - at), at)
                    self._link.send({"do": "append", "path": path, "at": at}, body)
            self._leaves[name] = max(have, number)
