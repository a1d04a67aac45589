"""Taking messages in: each becomes a capture with its occurrence, unless that occurrence is known (design, "Identity").

Messages are collected and made durable about four megabytes at a time; the sync runs beside the reading of the next ones. Whoever
kills an import loses nothing: what was durable is known the next time, the rest is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256

from civicmail.core.message import headers, letter
from civicmail.core.message.shapes import Envelope, Fields
from civicmail.mail.archive.commit import SPOOL_ABOVE, Clock, Spool, Writer
from civicmail.mail.archive.identity import capture_id, occurrence_bits
from civicmail.mail.archive.records import Capture, Occurrence, Source
from civicmail.mail.importers import times
from civicmail.mail.importers.walk import Found

FLUSH_BYTES = 4 << 20
MESSAGE_ID_MOST = 998  # RFC 5322 2.1.1; the field is only for finding
CLASS = "mail"

Known = Callable[[bytes, bytes], bool]
"""(occurrence bits, SHA-256) -> whether the archive has it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A new capture with what was read of it, so that nobody has to parse it again. capture.journal, .number: where it stands."""

    capture: Capture
    content: bytes
    fields: Fields


Durable = Callable[[list[Taken]], None]
"""Told of new captures in journal order once they are durable."""


@dataclass(slots=True)
class Totals:
    """read is the sum of the other three."""

    stored: int = 0
    known: int = 0
    failed: int = 0

    @property
    def read(self) -> int:
        return self.stored + self.known + self.failed

    def plain(self) -> dict[str, int]:
        return {"read": self.read, "stored": self.stored, "known": self.known, "failed": self.failed}


class Intake:
    """One import's way into a journal. Call take() for each message and finish() at the end; any LaterError ends the import."""

    def __init__(self, writer: Writer, source: str, custodian: str, known: Known, durable: Durable, clock: Clock) -> None:
        self.totals = Totals()
        self._writer = writer
        self._source = Source("import", source)
        self._custodian = custodian
        self._known = known
        self._durable = durable
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._writing: Future[None] | None = None
        self._batch: list[Taken] = []
        self._in_writing: list[Taken] = []

    def take(self, found: Found, digest: bytes, occurrence: Occurrence) -> bool:
        """Keep one message; False when its occurrence was known. digest: SHA-256 of found.content."""
        bits = occurrence_bits(occurrence, digest)
        if self._known(bits, digest):
            self.totals.known += 1
            return False
        fields = letter.fields(found.content)
        capture = self._capture(found, digest, occurrence, bits, fields)
        self._writer.receipt(capture, self._body(capture.id, found.content))
        self._batch.append(Taken(capture, found.content, fields))
        self.totals.stored += 1
        if self._writer.journal.pending >= FLUSH_BYTES:
            self._write()
        return True

    def _capture(self, found: Found, digest: bytes, occurrence: Occurrence, bits: bytes, fields: Fields) -> Capture:
        now = self._clock()
        received, basis = times.received(fields.received, found.at, found.basis, now)
        params = {"MBOX": found.kind} if found.kind else {}
        return Capture(
            id=capture_id(received, bits),
            received=received,
            sha256=digest,
            size=len(found.content),
            content_hash=headers.content_hash(found.content),
            source=self._source,
            envelope=Envelope(found.sender, (), received, protocol="import", params=params),
            basis=basis,
            class_=CLASS,
            custodian=self._custodian,
            occurrence=occurrence,
            message_id=fields.message_id[:MESSAGE_ID_MOST].encode("utf-8", "replace").decode(),
            journal=self._writer.journal.name,
            number=self._writer.journal.number + 1,
        )

    def _body(self, id_: bytes, content: bytes) -> bytes | Spool:
        if len(content) <= SPOOL_ABOVE:
            return content
        spool = self._writer.spool(id_)
        spool.write(content)
        spool.finish()
        return spool

    def _write(self) -> None:
        """Hand what was collected to the thread that syncs; wait for the batch before it, so at most two are in memory."""
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
        """Let the thread go; call after finish(), or after an error."""
        self._thread.shutdown()
        self._writer.close()


def digest_of(found: Found) -> bytes:
    """The SHA-256 of a message's bytes."""
    return sha256(found.content).digest()
