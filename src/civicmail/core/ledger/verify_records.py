"""Verify every archived record against the leaf that was integrated for it."""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

from civicmail.core.ledger.heads import CERTIFICATES, CHECKPOINTS, RECEIPTS
from civicmail.core.ledger.problems import KeptRecord, Problem, as_runs, records_text
from civicmail.core.ledger.verify_entries import Batch, Ledger, open_map, root_of

Report = Callable[[Problem], None]
Key = tuple[str, int]


class Records:
    """Collect records in any order, copies allowed, then report problems. Needs one bit of memory for each record."""

    def __init__(self, folder: Path, ledger: Ledger, report: Report) -> None:
        self.count = 0
        self.captures = 0
        self.pending: dict[Key, bytes] = {}  # leaves of sealed ones newer than the ledger was when reading began
        self.waiting = 0  # unsealed ones newer than the ledger: no problem
        self.checkpoints: list[tuple[Key, str]] = []
        self._folder = folder
        self._ledger = ledger
        self._report = report
        self._seen: dict[str, bytearray] = {}
        self._leaves: dict[str, bytes | mmap.mmap] = {}
        self._other: dict[Key, bytes] = {}  # records whose leaf is another one than was integrated
        self.disposed = 0  # missing records that a certificate names
        self._certified: dict[str, list[tuple[int, int]]] = {}

    def add(self, record: KeptRecord) -> None:
        """Take one record."""
        self.count += 1
        key = (record.journal, record.number)
        if RECEIPTS.matches(record.head) and key not in self.pending and not self._has_seen(*key):
            self.captures += 1
        leaf = sha256(b"\x00" + record.head).digest()
        if CHECKPOINTS.matches(record.head):
            self.checkpoints.append((key, _note_of(record.head)))
        if record.number > self._ledger.last(record.journal):
            if record.sealed:
                self.pending[key] = leaf
            else:
                self.waiting += 1
                self.certificate(record.head)
        elif not self._ledger.covers(*key):
            named = records_text(record.number, record.number, record.journal)
            text = f"There is {named}, which the ledger left out: it may be invented."
            self._report(Problem("invented", text, *key))
        elif self._leaf(*key) == leaf:
            self._mark(*key)
            self.certificate(record.head)
        elif key in self._other and self._other[key] != leaf:
            self._report(Problem("invented", f"There are several records {key[1]} of journal {key[0]}, none integrated.", *key))
        else:
            self._other[key] = leaf

    def certificate(self, head: bytes) -> None:
        """Note a certificate: the records that it names were removed by rule; their leaves prove that they existed."""
        if not CERTIFICATES.matches(head):
            return
        try:
            plain = json.loads(head)
            if plain["type"] == "disposed":
                for name, spans in plain["facts"]["records"].items():
                    self._certified.setdefault(name, []).extend((int(first), int(last)) for first, last in spans)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # it certifies nothing

    def finish(self, damaged: list[Problem], later: Callable[[], Ledger], newer: Callable[[], Iterable[KeptRecord]]) -> None:
        """Report problems when everything was added. damaged: what could not be read; later: the present ledger; newer: the present
        records of journals."""
        mended = self._check_batches()
        self._check_others(mended)
        self._check_dropped(damaged, newer)
        if self.pending:
            now = later()
            for (journal, number), leaf in self.pending.items():
                content = open_map(self._path(journal))
                if not now.covers(journal, number) or content[32 * number - 32 : 32 * number] != leaf:
                    text = f"A segment holds {records_text(number, number, journal)}, which was never integrated: it is invented."
                    self._report(Problem("invented", text, journal, number))

    def _check_batches(self) -> set[Key]:
        """Say which side is altered where leaves do not give the root of their entry; return the records that are right."""
        right: set[Key] = set()
        for batch in self._ledger.wrong:
            span = range(batch.first, batch.first + batch.count)
            leaves = [self._other.get((batch.journal, n)) or self._leaf(batch.journal, n) for n in span]
            changed = [n for n in span if (batch.journal, n) in self._other]
            if changed and all(len(x) == 32 for x in leaves) and root_of(leaves) == batch.root:
                right |= {(batch.journal, n) for n in changed}
                for first, last in as_runs(changed):
                    named = records_text(first, last, batch.journal)
                    text = f"leaves/{batch.journal}.bin is altered at {named}; what is kept is right."
                    self._report(Problem("altered", text, batch.journal, first, last))
            else:
                self._report(self._undecided(batch))
        return right

    def _undecided(self, batch: Batch) -> Problem:
        named = records_text(batch.first, batch.first + batch.count - 1, batch.journal)
        content = self._content(batch.journal)
        if len(content) < 32 * (batch.first + batch.count - 1):
            last = batch.first + batch.count - 1
            return Problem("altered", f"leaves/{batch.journal}.bin ends before {named}.", batch.journal, batch.first, last)
        kept = all(self._has_seen(batch.journal, n) for n in range(batch.first, batch.first + batch.count))
        which = "it" if kept else f"it or leaves/{batch.journal}.bin"
        text = f"Entry {batch.entry} of the ledger does not have the root of {named}: {which} is altered."
        return Problem("altered", text, batch.journal, batch.first)

    def _check_others(self, right: set[Key]) -> None:
        by_leaf = {leaf: key for key, leaf in self._other.items()}
        reported: set[Key] = set()
        for key, leaf in sorted(self._other.items()):
            if key in right:
                self._mark(*key)
                continue
            if key in reported:
                continue
            twin = by_leaf.get(self._leaf(*key))
            named = records_text(key[1], key[1], key[0])
            if self._has_seen(*key):
                self._report(Problem("invented", f"Besides the integrated one there is another {named}.", *key))
            elif twin is not None and self._leaf(*twin) == leaf:
                reported.add(twin)
                self._mark(*twin)
                text = f"Two records stand in each other's place: {named} and {records_text(twin[1], twin[1], twin[0])}."
                self._report(Problem("swapped", text, *key))
            else:
                self._report(Problem("altered", f"The head is not the one that was integrated: {named}.", *key))
            self._mark(*key)

    def _check_dropped(self, damaged: list[Problem], newer: Callable[[], Iterable[KeptRecord]]) -> None:
        for p in damaged:  # named already
            for n in range(p.number, min(max(p.number, p.last), self._ledger.last(p.journal)) + 1):
                self._mark(p.journal, n)
        self._excuse()
        missing = self._missing()
        if missing:
            for record in newer():  # what was disposed of while we looked has its certificate there
                self.certificate(record.head)
            self._excuse()
            missing = self._missing()
        for journal, absent in missing.items():
            for first, last in as_runs(absent):
                text = f"What was integrated as {records_text(first, last, journal)} is not kept any more."
                self._report(Problem("dropped", text, journal, first, last))

    def _missing(self) -> dict[str, list[int]]:
        missing = {}
        for journal, covered in sorted(self._ledger.covered.items()):
            seen = self._seen.get(journal, bytearray())
            if gone := [n for first, last in covered for n in _unseen(seen, first, last)]:
                missing[journal] = gone
        return missing

    def _excuse(self) -> None:
        """Ignore missing records that a certificate names."""
        for journal, spans in self._certified.items():
            for first, last in spans:
                for n in range(max(first, 1), min(last, self._ledger.last(journal)) + 1):
                    if not self._has_seen(journal, n):
                        self.disposed += 1
                        self._mark(journal, n)

    def _mark(self, journal: str, number: int) -> None:
        seen = self._seen.setdefault(journal, bytearray(self._ledger.last(journal) // 8 + 1))
        seen[number >> 3] |= 1 << (number & 7)

    def _has_seen(self, journal: str, number: int) -> bool:
        seen = self._seen.get(journal, b"")
        return number >> 3 < len(seen) and bool(seen[number >> 3] & 1 << (number & 7))

    def _leaf(self, journal: str, number: int) -> bytes:
        return bytes(self._content(journal)[32 * number - 32 : 32 * number])

    def _content(self, journal: str) -> bytes | mmap.mmap:
        if journal not in self._leaves:
            self._leaves[journal] = open_map(self._path(journal))
        return self._leaves[journal]

    def _path(self, journal: str) -> Path:
        return self._folder / "leaves" / f"{journal}.bin"


def _note_of(head: bytes) -> str:
    try:
        return str(json.loads(head)["facts"]["note"])
    except (ValueError, KeyError, TypeError):
        return ""


def _unseen(seen: bytearray, first: int, last: int) -> Iterable[int]:
    for n in range(first, last + 1):
        if n >> 3 >= len(seen) or not seen[n >> 3] & 1 << (n & 7):
            yield n
