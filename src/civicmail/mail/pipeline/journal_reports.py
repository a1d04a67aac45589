"""Open journal reports: the message inside becomes the body, its envelope the envelope, the rest evidence.

Only a configured peer may use such a listener, so its reports count as envelopes (P-23). From others the same header is ordinary
mail. The report is archived bit for bit as the bytes before and after the message (docs/decisions/0009).
"""

from __future__ import annotations

import hashlib
import mmap
from dataclasses import dataclass, replace
from typing import Any

from civicmail.city.policy.dispositions import Finding
from civicmail.core.message import journal_report
from civicmail.core.message.journal_report import JournalReport, Reported
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Spool
from civicmail.mail.archive.records import Report

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """start, end: the body in the received bytes; all of them if it is no report or cannot be extracted."""

    start: int
    end: int
    envelope: Envelope
    report: Report
    findings: tuple[Finding, ...] = ()


def opened(content: bytes | mmap.mmap, envelope: Envelope) -> OpenedReport | None:
    """Open a report. envelope: of the report itself. None for a message without another envelope. Pure."""
    parsed = journal_report.read(content)
    if parsed is None:
        parsed = journal_report.delivered_for(content)
        if parsed is None:
            return None
        sender = parsed.sender or envelope.sender
        return OpenedReport(0, len(content), _envelope(envelope, parsed, sender), _report(envelope, parsed))
    start, end = (parsed.start, parsed.end) if not parsed.why else (0, len(content))
    report = replace(
        _report(envelope, parsed),
        sha256=hashlib.sha256(content).digest(),
        before=bytes(content[:start]),
        after=bytes(content[end:]),
    )
    findings = (Finding("journal", parsed.why),) if parsed.why else ()
    return OpenedReport(start, end, _envelope(envelope, parsed, parsed.sender), report, findings)


def opened_spool(spool: Spool, envelope: Envelope) -> OpenedReport | None:
    """Open a large report. Blocks. The spool is complete but not synced."""
    with spool.path.open("rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return opened(m, envelope)


def move(source: Spool, message: OpenedReport, inner: Spool) -> None:
    """Write the message of a spooled report into its own spool, and discard the report. Blocks."""
    with source.path.open("rb") as h:
        h.seek(message.start)
        left = message.end - message.start
        while left and (piece := h.read(min(_PIECE, left))):
            inner.write(piece)
            left -= len(piece)
    source.discard()


def _envelope(envelope: Envelope, report: JournalReport, sender: str) -> Envelope:
    """The message's envelope; the reporting server stays the client."""
    people = tuple(Recipient(reported.address) for reported in report.recipients)
    return replace(envelope, sender=sender, recipients=people or envelope.recipients)


def _report(envelope: Envelope, report: JournalReport) -> Report:
    to = tuple(recipient.address for recipient in envelope.recipients)
    return Report(report.style, envelope.sender, to, tuple(_plain(reported) for reported in report.recipients))


def _plain(reported: Reported) -> dict[str, Any]:
    plain: dict[str, Any] = {"a": reported.address, "how": reported.how}
    if reported.expanded:
        plain["expanded"] = list(reported.expanded)
    if reported.forwarded:
        plain["forwarded"] = list(reported.forwarded)
    return plain
