"""The only way in for all mail: accept(content, envelope, source) -> receipt.

What is slow (hashing, scanning a large body) happens off the event loop, for at most two large messages at a time, so that small
mail is not held up by them. When accept returns, the message is durable (promise 1); when it raises, nothing of it is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import mmap
from collections.abc import Callable
from dataclasses import dataclass, replace

from civicmail.city.policy.delivery import Mode, dispositions
from civicmail.city.policy.shapes import Finding
from civicmail.core.message import headers
from civicmail.core.message.shapes import Envelope
from civicmail.mail.archive.commit import GroupCommit, Spool
from civicmail.mail.archive.identity import capture_id, once_bits
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline import journals
from civicmail.mail.pipeline.receipts import Receipt

LARGE_AT_ONCE = 2
MESSAGE_ID_MOST = 998  # RFC 5322 2.1.1: a line has no more; the field is only for finding, the bytes are kept whole


@dataclass(frozen=True, slots=True)
class Scan:
    """What the head of a receipt needs to know about the bytes."""

    sha256: bytes
    size: int
    content_hash: bytes
    message_id: str


def scan(content: bytes | mmap.mmap, sha256: bytes | None = None) -> Scan:
    """Look at the bytes once; sha256 when it was already computed while they came in."""
    message_id = headers.first(content, "message-id") or b""
    return Scan(
        sha256 or hashlib.sha256(content).digest(),
        len(content),
        headers.content_hash(content),
        message_id.decode("utf-8", "replace").strip()[:MESSAGE_ID_MOST],
    )


def scan_spool(spool: Spool) -> Scan:
    """Finish a spooled body (synced with its folder) and look at it through a memory map. Blocks."""
    sha256 = spool.finish()
    with spool.path.open("rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return scan(m, sha256)


def everybody_is_here(_address: str) -> Mode | None:
    """The standing of recipients where no department is anywhere else."""
    return "live"


def capture_of(
    id_: bytes,
    found: Scan,
    envelope: Envelope,
    source: Source,
    once: str = "",
    *,
    modes: Callable[[str], Mode | None] = everybody_is_here,
    findings: tuple[Finding, ...] = (),
) -> Capture:
    """The capture that this receipt makes. Pure. modes: of the department of a recipient's address."""
    return Capture(
        id=id_,
        received=envelope.received,
        sha256=found.sha256,
        size=found.size,
        content_hash=found.content_hash,
        source=source,
        envelope=envelope,
        dispositions=dispositions([modes(r.address) for r in envelope.recipients], source.kind),
        findings=findings,
        message_id=found.message_id,
        once=once,
    )


class Pipeline:
    """Bytes to receipt, for one process and one event loop. modes: as of capture_of."""

    def __init__(self, commit: GroupCommit, modes: Callable[[str], Mode | None] = everybody_is_here) -> None:
        self.commit = commit
        self._modes = modes
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def accept(
        self,
        content: bytes | Spool,
        envelope: Envelope,
        source: Source,
        once: str = "",
        findings: tuple[Finding, ...] = (),
    ) -> Receipt:
        """Keep a message and say under which id. once: key of our own mail, which fixes the id's bits; findings: what whoever heard
        the message found out about it.

        Raises a LaterError when the archive could not commit. The commit goes on when the caller is cancelled: a client that hangs
        up after the last dot changes nothing about what is kept.
        """
        opened: journals.Opened | None = None
        if source.kind == "journal":
            content, opened = await self._opened(content, envelope)
            envelope = opened.envelope if opened else envelope
        if isinstance(content, Spool):
            async with self._large:
                found = await asyncio.get_running_loop().run_in_executor(None, scan_spool, content)
            id_ = content.id
        else:
            found = scan(content)
            id_ = capture_id(envelope.received, once_bits(once) if once else None)
        capture = capture_of(id_, found, envelope, source, once, modes=self._modes, findings=findings)
        if opened:
            capture = replace(capture, report=opened.report, findings=(*capture.findings, *opened.findings))
        await asyncio.shield(self.commit.receipt(capture, content))
        return Receipt(id_, found.sha256, capture.dispositions)

    async def _opened(self, content: bytes | Spool, envelope: Envelope) -> tuple[bytes | Spool, journals.Opened | None]:
        """What lies in a journal report, and what the report says; a copy that is no report stays as it is."""
        if not isinstance(content, Spool):
            opened = journals.opened(content, envelope)
            return (content[opened.start : opened.end] if opened else content), opened
        loop = asyncio.get_running_loop()
        async with self._large:
            opened = await loop.run_in_executor(None, journals.opened_spool, content, envelope)
            if opened is None or not opened.report.before:
                return content, opened
            inner = self.commit.writer.spool(capture_id(envelope.received))
            await loop.run_in_executor(None, journals.move, content, opened, inner)
        return inner, opened
