"""Import all mailboxes of a source, one after the other: resumable, counted, and compared at the end (P-23, P-24)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from civicmail.core.config.errors import CivicmailError, ConfigError
from civicmail.mail.archive.identity import occurrence_bits
from civicmail.mail.archive.machine import Machine, as_of_now
from civicmail.mail.importers.errors import BadServer, MailboxRefused, SourceAway
from civicmail.mail.importers.importing import ImportProgress, ImportTarget, Known, import_lease, ingest
from civicmail.mail.importers.intake import NewMessage, StoredCapture
from civicmail.mail.importers.parse_requests import ParseRequest
from civicmail.mail.importers.remote.mailbox import Counts, Mailbox, Ready, batches, listed, occurrence_of, ready
from civicmail.mail.importers.remote.positions import Positions, Row
from civicmail.mail.importers.remote.source import Box, Fetched, Item, Renumbered, Source

MAX_LISTINGS = 3
"""How often a mailbox is listed whose messages get new numbers meanwhile."""
MAX_MESSAGE = 256 << 20
"""Bytes of one message; larger ones are skipped and named."""
Progress = Callable[[str, int, int], None]
"""(mailbox, messages done, messages listed)"""


@dataclass(slots=True)
class _Run:
    """One mailbox in progress. waiting: messages that are not durable yet; keys: of the listed ones."""

    counts: Counts
    positions: Positions
    keys: set[tuple[str, str, str]] = field(default_factory=set)
    waiting: int = 0
    is_over: bool = False


class Migration:
    """One run over mailboxes; `counts` has the results of each, also when run() raises."""

    def __init__(self, into: ImportTarget, source: Source, progress: Progress) -> None:
        self._into = into
        self._source = source
        self._progress = progress
        self._waiting: dict[bytes, tuple[_Run, list[Row]]] = {}
        self._stored: dict[str, set[bytes]] = {}
        self._machine: Machine | None = None
        self._stopped: CivicmailError | None = None
        self.counts: list[Counts] = []

    def run(self, mailboxes: Sequence[Mailbox], progress: ImportProgress) -> list[Counts]:
        """Returns when everything stored is searchable.
        Raises SourceAway, ConfigError after storing what was fetched, ImportRunning, and a LaterError of the disk."""
        with closing(import_lease(self._into.data)):
            ingest(self._into, lambda known, _: self._all(mailboxes, known), progress, self._durable)
        if self._stopped is not None:
            raise self._stopped
        return self.counts

    def _all(self, mailboxes: Sequence[Mailbox], known: Known) -> Iterator[tuple[NewMessage, bytes, ParseRequest]]:
        left = Counter(mailbox.custodian for mailbox in mailboxes)
        for mailbox in mailboxes:
            counts = Counts(mailbox)
            self.counts.append(counts)
            try:
                yield from self._one(counts, known)
            except (MailboxRefused, BadServer) as refused:
                counts.refused = str(refused)
            except (SourceAway, ConfigError) as away:
                counts.refused = str(away)
                self._stopped = away
                return
            left[mailbox.custodian] -= 1
            if not left[mailbox.custodian]:
                self._stored.pop(mailbox.custodian, None)

    def _one(self, counts: Counts, known: Known) -> Iterator[tuple[NewMessage, bytes, ParseRequest]]:
        """A mailbox; again from its list where the source numbers its messages anew meanwhile."""
        mailbox = counts.mailbox
        run = _Run(counts, Positions(self._into.data, f"{self._source.kind} {self._source.place}", mailbox.name))
        try:
            with self._source.open(mailbox.name) as box:
                for left in reversed(range(MAX_LISTINGS)):
                    try:
                        yield from self._fetched(run, box, known)
                        return
                    except Renumbered as renumbered:
                        if not left:
                            raise BadServer(f"{renumbered}, {MAX_LISTINGS} times") from None
        finally:
            run.is_over = True
            self._close(run)

    def _fetched(self, run: _Run, box: Box, known: Known) -> Iterator[tuple[NewMessage, bytes, ParseRequest]]:
        counts = run.counts
        counts.folders.clear()
        counts.failures.clear()
        counts.gone = counts.failed = 0
        items = listed(box, counts)
        run.keys = {item[:3] for item in items}
        pending = [item for item in items if not run.positions.has(*item[:3])]
        counts.known = max(0, len(items) - len(pending) - counts.stored - counts.copies)
        fit = [item for item in pending if not _is_too_large(counts, item)]
        stored = self._stored.setdefault(counts.mailbox.custodian, set())
        for batch in batches(fit):
            self._progress(counts.mailbox.name, counts.listed - len(pending) + _done(counts), counts.listed)
            fetched = [message for message in box.fetch(batch) if not _is_lost(run, message)]
            rows: list[Row] = []
            for message in ready(fetched, counts.mailbox, run.positions):
                if message.new.bits in stored or known(message.new.bits, message.new.digest):
                    rows += self._again(run, message, in_this_run=message.new.bits in stored)
                    continue
                stored.add(message.new.bits)
                counts.stored += 1
                counts.copies += len(message.rows) - 1
                self._waiting[message.new.bits] = run, message.rows
                run.waiting += 1
                yield message.new, message.new.message.content, self._ask(message.new)
            run.positions.add(rows)

    def _again(self, run: _Run, message: Ready, *, in_this_run: bool) -> list[Row]:
        """The rows of a message that the archive has, or will have when its batch is synced."""
        run.counts.copies += len(message.rows) if in_this_run else 0
        run.counts.known += 0 if in_this_run else len(message.rows)
        if in_this_run and message.new.bits in self._waiting:
            self._waiting[message.new.bits][1].extend(message.rows)
            return []
        return message.rows

    def _ask(self, new: NewMessage) -> ParseRequest:
        message = new.message
        return (
            new.digest,
            new.bits,
            message.at,
            message.basis,
            self._into.clock(),
            (),
            message.folder,
            new.custodian,
            message.labels,
        )

    def _durable(self, batch: list[StoredCapture]) -> None:
        """Write the positions of these captures, which are durable."""
        rows: dict[int, tuple[_Run, list[Row]]] = {}
        for taken in batch:
            occurrence = taken.capture.occurrence
            assert occurrence is not None
            run, own = self._waiting.pop(occurrence_bits(occurrence, taken.capture.sha256))
            rows.setdefault(id(run), (run, []))[1].extend(own)
            run.waiting -= 1
        for run, own in rows.values():
            run.positions.add(own)
            self._close(run)

    def _close(self, run: _Run) -> None:
        """Compare with the archive, queried again, once nothing of a mailbox is pending."""
        if not run.is_over or run.waiting:
            return
        self._machine = as_of_now(self._machine, self._into.data)
        mailbox, known = run.counts.mailbox, self._machine.known
        has = {row: occurrence_bits(occurrence_of(mailbox, row.rank), row.sha256) for row in run.positions if row[:3] in run.keys}
        run.counts.archived = sum(known(bits, row.sha256) for row, bits in has.items())
        run.positions.close()
        run.keys.clear()


def _done(counts: Counts) -> int:
    return counts.stored + counts.copies + counts.gone + counts.failed


def _is_too_large(counts: Counts, item: Item) -> bool:
    if item.size <= MAX_MESSAGE:
        return False
    counts.failed += 1
    counts.fail(item, f"it is larger than {MAX_MESSAGE} bytes")
    return True


def _is_lost(run: _Run, fetched: Fetched) -> bool:
    if fetched.content is not None:
        return False
    if fetched.gone:
        run.counts.gone += 1
    else:
        run.counts.failed += 1
        run.counts.fail(fetched.item, fetched.why)
    return True


def report(source: Source, counts: Sequence[Counts], begun: int, ended: int) -> dict[str, Any]:
    """The report of a run. begun, ended: ms."""
    names = ("listed", "stored", "copies", "known", "gone", "failed", "archived", "missing")
    return {
        "v": 1,
        "source": {"kind": source.kind, "place": source.place},
        "begun": begun,
        "ended": ended,
        "totals": {"mailboxes": len(counts)} | {name: sum(getattr(mailbox, name) for mailbox in counts) for name in names},
        "whole": all(mailbox.is_whole for mailbox in counts),
        "mailboxes": [mailbox.plain() for mailbox in counts],
    }
