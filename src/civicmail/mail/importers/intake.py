"""Store imported messages: each becomes a capture in a journal (docs/formats.md, "Capture id").

Messages are collected and synced about four megabytes at a time, while the next ones are parsed.
An import that is killed loses nothing: durable messages are recognized the next time, the rest is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from civicmail.city.policy.delivery import dispositions
from civicmail.core.message.model import Envelope
from civicmail.mail.archive.commit import SPOOL_ABOVE, Spool, Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Occurrence, Source
from civicmail.mail.importers.parse_requests import CLASS, ParseResult
from civicmail.mail.importers.walk import SourceMessage
from civicmail.mail.pipeline.journal_reports import OpenedReport

FLUSH_BYTES = 4 << 20


@dataclass(slots=True)
class Totals:
    """read is the sum of the other three. exports: results of each imported Google Vault export."""

    stored: int = 0
    known: int = 0
    failed: int = 0
    exports: list[dict[str, Any]] = field(default_factory=list)

    @property
    def read(self) -> int:
        return self.stored + self.known + self.failed

    def plain(self) -> dict[str, Any]:
        counts = {"read": self.read, "stored": self.stored, "known": self.known, "failed": self.failed}
        return counts | ({"vault": self.exports} if self.exports else {})


class NewMessage(NamedTuple):
    """A message whose occurrence is new. digest: its SHA-256; bits: of the occurrence; opened: the report that contained it;
    custodian: if the import has several."""

    message: SourceMessage
    digest: bytes
    bits: bytes
    occurrence: Occurrence
    opened: OpenedReport | None = None
    custodian: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Recipients that the journal report names."""
        return tuple(r.address for r in self.opened.envelope.recipients) if self.opened else ()


class StoredCapture(NamedTuple):
    """A new capture that is durable, with its head and its document. number: its record in this process's journal."""

    capture: Capture
    head: bytes
    document: str
    journal: str
    number: int


def _envelope(new: NewMessage, received: int) -> Envelope:
    """The known envelope of an imported message: the From_ line of an mbox, or its journal report."""
    if new.opened is not None:
        return replace(new.opened.envelope, received=received)
    message = new.message
    return Envelope(message.sender, (), received, protocol="import", params={"MBOX": message.kind} if message.kind else {})


Durable = Callable[[list[StoredCapture]], None]
"""Called with new captures in journal order once they are durable."""


class Intake:
    """Writes one import to a journal. Call keep() for each new message and finish() at the end; a LaterError ends the import."""

    def __init__(self, writer: Writer, source: str, custodian: str, durable: Durable) -> None:
        self._writer = writer
        self._name = source
        self._source = Source("import", source, "exact")
        self._custodian = custodian
        self._durable = durable
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._writing: Future[None] | None = None
        self._batch: list[StoredCapture] = []
        self._in_writing: list[StoredCapture] = []

    def keep(self, new: NewMessage, answer: ParseResult) -> None:
        """Collect one message for the journal; it is durable at the latest after finish()."""
        received, basis, content_hash, message_id, document = answer
        message = new.message
        capture = Capture(
            id=capture_id(received, new.bits),
            received=received,
            sha256=new.digest,
            size=len(message.content),
            content_hash=bytes.fromhex(content_hash),
            source=self._source if not message.built else Source("import", self._name, f"rebuilt {message.built}"),
            envelope=_envelope(new, received),
            dispositions=dispositions([None] * len(new.recipients), "import"),
            findings=new.opened.findings if new.opened else (),
            basis=basis,
            class_=CLASS,
            custodian=new.custodian or self._custodian,
            occurrence=new.occurrence,
            message_id=message_id,
            report=new.opened.report if new.opened else None,
            properties=message.properties,
            labels=message.labels,
            flags=message.flags,
        )
        head = self._writer.receipt(capture, self._body(capture.id, message.content))
        journal = self._writer.journal
        self._batch.append(StoredCapture(capture, head, document, journal.name, journal.number))
        if journal.pending >= FLUSH_BYTES:
            self._write()

    def _body(self, id_: bytes, content: bytes) -> bytes | Spool:
        if len(content) <= SPOOL_ABOVE:
            return content
        spool = self._writer.spool(id_)
        spool.write(content)
        spool.finish()
        return spool

    def _write(self) -> None:
        """Pass the batch to the syncing thread after waiting for the previous one, so that at most two are in memory."""
        self._settle()
        self._in_writing, self._batch = self._batch, []
        self._writing = self._thread.submit(self._writer.write, self._writer.journal.batch())

    def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()
            self._durable(self._in_writing)
            self._in_writing = []

    def finish(self) -> None:
        """Make everything durable."""
        self._write()
        self._settle()

    def close(self) -> None:
        """Let the thread go; call after finish(), or after an error, and before the writer is closed."""
        self._thread.shutdown()
