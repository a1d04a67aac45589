"""Accept all mail: accept(content, envelope, source) -> receipt.

Hashing and scanning large bodies happens off the event loop, for at most two large messages at a time, in a fair queue, so that
neither delays small mail nor one client's large mail delays another's. When accept returns, the message is durable (promise 1).
When it raises, nothing of it is archived.
"""

from __future__ import annotations

import asyncio
import hashlib
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from civicmail.city.policy import rule_keys
from civicmail.city.policy.delivery import KEPT_SOURCES, Mode, dispositions
from civicmail.city.policy.dispositions import UNAVAILABLE, Action, Disposition, Finding
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.disk.files import map_of
from civicmail.core.message import header_scan
from civicmail.core.message.model import Envelope
from civicmail.mail.archive.commit import GroupCommit, Spool
from civicmail.mail.archive.identity import capture_id, once_bits
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline import encryption_requests, journal_reports
from civicmail.mail.pipeline.containment import AnomalyMonitor
from civicmail.mail.pipeline.errors import TempFail
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.policy_decision import Settled, Verdict
from civicmail.mail.pipeline.receipts import Receipt
from civicmail.mail.pipeline.recipient_expansion import expand, is_forecast_request
from civicmail.mail.screening.fair_queue import FairQueue, client_key

LARGE_MESSAGES = 2
MAX_MESSAGE_ID = 998  # RFC 5322 2.1.1: a line is no longer; the field is only for searching, the bytes are archived whole


@dataclass(frozen=True, slots=True)
class Scan:
    """The properties of the bytes that the head of a receipt needs."""

    sha256: bytes
    size: int
    content_hash: bytes
    message_id: str
    secure: bool = False


def scan(content: bytes | mmap.mmap, sha256: bytes | None = None) -> Scan:
    """Scan the bytes once. sha256: if it was computed while they arrived."""
    message_id = header_scan.first(content, "message-id") or b""
    sha256 = sha256 or hashlib.sha256(content).digest()
    return Scan(
        sha256,
        len(content),
        header_scan.content_hash(content, sha256),
        message_id.decode("utf-8", "replace").strip()[:MAX_MESSAGE_ID],
        encryption_requests.is_requested(content),
    )


def scan_spool(spool: Spool) -> Scan:
    """Finish a spooled body (synced with its folder) and scan it through a memory map. Blocks."""
    sha256 = spool.finish()
    with spool.path.open("rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return scan(m, sha256)


@contextmanager
def _mapped(spool: Spool) -> Iterator[mmap.mmap]:
    """The body as a memory map. If a slow reader still uses it, it is closed when the reader drops it."""
    with spool.path.open("rb") as h:
        content = map_of(h.fileno())
    try:
        yield content
    finally:
        with suppress(BufferError):
            content.close()


def all_live(_address: str) -> Mode | None:
    """The mode of recipients where every department is live."""
    return "live"


def capture_of(
    id_: bytes, scanned: Scan, envelope: Envelope, source: Source, once: str = "", *, verdict: Verdict | None = None
) -> Capture:
    """The capture of this receipt. Pure. verdict: None if all recipients are live and get a copy."""
    if verdict is None:
        verdict = Verdict(dispositions([all_live(r.address) for r in envelope.recipients], source.kind), {})
    return Capture(
        id=id_,
        received=envelope.received,
        sha256=scanned.sha256,
        size=scanned.size,
        content_hash=scanned.content_hash,
        source=source,
        envelope=envelope,
        dispositions=verdict.dispositions,
        findings=verdict.findings,
        message_id=scanned.message_id,
        once=once,
        class_=verdict.class_,
        facts=verdict.facts,
    )


def no_snapshot() -> Snapshot | None:
    """The snapshot of an installation that has published none."""
    return None


class Pipeline:
    """Accepts mail, for one process and one event loop. modes: of the department of a recipient's address; people: the current
    snapshot; judging: screening and rules; containing: detection of compromised accounts. The last two are None where they are not
    used."""

    def __init__(
        self,
        commit: GroupCommit,
        modes: Callable[[str], Mode | None] = all_live,
        people: Callable[[], Snapshot | None] = no_snapshot,
        judging: Evaluator | None = None,
        containing: AnomalyMonitor | None = None,
    ) -> None:
        self.commit = commit
        self._modes = modes
        self._people = people
        self._judging = judging
        self._containing = containing
        self._large = FairQueue(LARGE_MESSAGES, max_queued=None)  # listeners limit their number: received messages are archived

    async def accept(
        self,
        content: bytes | Spool,
        envelope: Envelope,
        source: Source,
        once: str = "",
        findings: tuple[Finding, ...] = (),
        rejected_by: str = "",
    ) -> Receipt:
        """Archive a message and return its receipt. once: key of our own mail, which determines the id; findings: from the
        listener; rejected_by: the rule by which the sender is rejected and nobody gets a copy.

        Raises TempFail if rules require a retry, and a LaterError if the archive could not commit. The commit continues when the
        caller is canceled: a client that disconnects after the last dot does not affect what is archived.
        """
        opened: journal_reports.OpenedReport | None = None
        if source.kind == "journal":
            content, opened = await self._opened(content, envelope)
            envelope = opened.envelope if opened else envelope
        if isinstance(content, Spool):
            async with self._large.turn(self._client_key(envelope)):
                scanned = await asyncio.get_running_loop().run_in_executor(None, scan_spool, content)
            id_ = content.id
        else:
            scanned = scan(content)
            id_ = capture_id(envelope.received, once_bits(once) if once else None)
        envelope, verdict = await self._verdict(content, scanned.size, envelope, source.kind, rejected_by)
        if verdict.is_later:
            if isinstance(content, Spool):
                await asyncio.get_running_loop().run_in_executor(None, content.discard)
            raise TempFail(verdict.reply)
        here = [self._modes(r.address) for r in envelope.recipients]
        copies = encryption_requests.apply_override(verdict.dispositions, findings)
        verdict = replace(
            verdict, dispositions=encryption_requests.require_encryption(copies, here, source.kind, is_requested=scanned.secure)
        )
        verdict = replace(verdict, findings=(*findings, *verdict.findings)) if findings else verdict
        capture = capture_of(id_, scanned, envelope, source, once, verdict=verdict)
        if opened:
            capture = replace(capture, report=opened.report, findings=(*capture.findings, *opened.findings))
        await asyncio.shield(self.commit.receipt(capture, content))
        away = tuple({finding.check for finding in capture.findings if finding.code == UNAVAILABLE})
        return Receipt(id_, scanned.sha256, capture.dispositions, verdict.reply, away)

    async def _verdict(
        self, content: bytes | Spool, size: int, envelope: Envelope, source: str, refused: str
    ) -> tuple[Envelope, Verdict]:
        """The envelope with all recipients, and what is done with each copy, with the findings of screening."""
        modes = self._modes
        if refused:
            here = [modes(r.address) for r in envelope.recipients]
            return envelope, Verdict(dispositions(here, source, refused=refused), {})
        to: dict[int, tuple[Action, str]] = {}
        seen: tuple[Finding, ...] = ()
        snapshot = self._people()
        if is_forecast_request(envelope, source, snapshot, modes):
            return envelope, Verdict(
                tuple(Disposition(n, "kept", (rule_keys.FORECAST_ONLY,)) for n in range(len(envelope.recipients))), {}
            )
        if source not in KEPT_SOURCES and snapshot is not None:
            reached = expand(envelope, snapshot, modes)
            envelope, to = reached.envelope, reached.settled
        if self._containing is not None:
            to, seen = self._containing.settled(b"" if isinstance(content, Spool) else content, envelope, source, to)
        if self._judging is None or self._judging.is_idle:
            here = [modes(r.address) for r in envelope.recipients]
            return envelope, Verdict(dispositions(here, source, settled=to), {}, seen)
        settled = Settled(envelope, source, size, to)
        if isinstance(content, Spool) and self._judging.is_screening:
            async with self._large.turn(self._client_key(envelope)):
                with _mapped(content) as content_:
                    verdict, screened = await self._judging.verdict(content_, settled, snapshot, modes)
        else:
            verdict, screened = await self._judging.verdict(
                b"" if isinstance(content, Spool) else content, settled, snapshot, modes
            )
        findings = (*seen, *screened.findings, *verdict.findings)
        return envelope, replace(verdict, findings=findings) if findings else verdict

    def _client_key(self, envelope: Envelope) -> str:
        return client_key(envelope, envelope.client) if self._judging is None else self._judging.client_key(envelope)

    async def _opened(
        self, content: bytes | Spool, envelope: Envelope
    ) -> tuple[bytes | Spool, journal_reports.OpenedReport | None]:
        """The message in a journal report, and the report's data. A message that is not a report is unchanged."""
        if not isinstance(content, Spool):
            opened = journal_reports.opened(content, envelope)
            return (content[opened.start : opened.end] if opened else content), opened
        loop = asyncio.get_running_loop()
        async with self._large.turn(self._client_key(envelope)):
            opened = await loop.run_in_executor(None, journal_reports.opened_spool, content, envelope)
            if opened is None or not opened.report.before:
                return content, opened
            inner = self.commit.writer.spool(capture_id(envelope.received))
            await loop.run_in_executor(None, journal_reports.move, content, opened, inner)
        return inner, opened
