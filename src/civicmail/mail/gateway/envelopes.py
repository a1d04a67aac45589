"""Envelope and source of a message, as the archive stores them, from the commands of the session."""

from __future__ import annotations

from civicmail.city.policy.dispositions import Finding
from civicmail.core.message import header_scan
from civicmail.core.message.filter_verdicts import header_of, verdicts
from civicmail.core.message.model import Envelope, Protocol, Recipient
from civicmail.core.wire.data import Lines
from civicmail.core.wire.events import Transaction
from civicmail.core.wire.server import Session
from civicmail.mail.archive.records import EDGE, Source
from civicmail.mail.gateway.endpoints import Endpoint
from civicmail.mail.gateway.intake import Intake
from civicmail.mail.gateway.recipients import recipient_address

MAX_VERDICT = 500
"""Characters of a verdict in a receipt; the archived bytes have the whole verdict."""


def envelope_of(wire: Session, transaction: Transaction, domains: list[str], received: int) -> Envelope:
    """The envelope as evidence. A recipient named twice is stored once. XFORWARD becomes one parameter with spaces as in xtext,
    because a stranger's greeting may contain spaces and further attributes."""
    recipients = {
        address: Recipient(address, r.notify, r.orcpt)
        for r in transaction.recipients
        if (address := recipient_address(r.path, domains))
    }
    params = dict(transaction.params)
    if transaction.forwarded:
        forwarded = ((name, "+20".join(value.split(" "))) for name, value in sorted(transaction.forwarded.items()) if value)
        params["XFORWARD"] = " ".join(f"{name}={value}" for name, value in forwarded)
    peer = wire.peer
    protocol: Protocol = "lmtp" if wire.profile.protocol == "lmtp" else "esmtp" if peer.extended else "smtp"
    return Envelope(
        sender=transaction.sender.raw,
        recipients=tuple(recipients.values()),
        received=received,
        client=peer.client,
        helo=peer.helo,
        protocol=protocol,
        tls=wire.tls,
        login=peer.login,
        params=params,
    )


def source_of(endpoint: Endpoint, lines: Lines) -> Source:
    """Where the message came in, and how many line ends were mended."""
    return Source(endpoint.kind, endpoint.name, f"normalised {lines.mended}" if lines.mended else "exact")


def findings_of(intake: Intake) -> tuple[Finding, ...]:
    """Verdict headers of a trusted edge server, as findings of the receipt."""
    start = intake.start()
    header = header_of(start)
    edge_verdicts = verdicts(start if header is None else header)
    return tuple(Finding(EDGE, v.name, offset=v.offset, length=v.length, mask=v.value[:MAX_VERDICT]) for v in edge_verdicts)


def is_loop(intake: Intake, most: int) -> bool:
    """Whether the header has more Received lines than a message that gets anywhere (RFC 5321 6.3)."""
    start = intake.start()
    end = start.find(b"\r\n\r\n")
    if start.count(b"\n", 0, end if end >= 0 else len(start)) < most:
        return False  # fewer lines than that: the usual case, and cheap
    return header_scan.received_count(start) > most
