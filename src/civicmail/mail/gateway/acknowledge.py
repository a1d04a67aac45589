"""Archive a received message and answer its client: only a receipt gives a 250 (promises 1 and 6)."""

from __future__ import annotations

import errno
import time

from civicmail.core.config.errors import CivicmailError, RefusedError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DiskFull
from civicmail.core.wire import replies
from civicmail.core.wire.events import EndOfData
from civicmail.core.wire.server import Session
from civicmail.mail.archive.commit import Spool
from civicmail.mail.gateway.authorization import Member
from civicmail.mail.gateway.counters import Counters
from civicmail.mail.gateway.endpoints import Endpoint
from civicmail.mail.gateway.envelopes import envelope_of, findings_of, source_of
from civicmail.mail.gateway.gateway_state import GatewayState
from civicmail.mail.gateway.intake import Intake
from civicmail.mail.gateway.recipients import recipient_address
from civicmail.mail.gateway.sender_alignment import judge, text_of
from civicmail.mail.pipeline.policy_decision import rejection_reply
from civicmail.mail.pipeline.receipts import Receipt

log = get_logger()


async def acknowledge(
    gate: GatewayState, endpoint: Endpoint, wire: Session, end: EndOfData, intake: Intake, peer: str, member: Member | None = None
) -> tuple[str, ...]:
    """Archive the message and return the reply for its client, by LMTP one for each recipient if they differ. Never raises; the
    counters have the outcome.

    peer: the address at the other end of the connection, even if it speaks for others; member: the signed-in person.
    """
    counters, began = gate.counters_of(endpoint.kind), time.monotonic()
    try:
        envelope = envelope_of(wire, end.transaction, gate.settings.city.domains, intake.received)
        findings = findings_of(intake) if endpoint.trusts_verdicts_of(peer) else ()
        start = intake.start()
        content = await intake.finish()
        text = await text_of(gate, member, start)
        judged = judge(gate, endpoint, member, envelope.sender, start, whole=content is start, text=text)
        if judged.reply.startswith("4"):  # the client comes again with all of it: nothing is kept now
            if isinstance(content, Spool):
                gate.spooler.threads.submit(content.discard)
            counters.deferred += 1
            return (judged.reply,)
        receipt = await gate.pipeline.accept(
            content, envelope, source_of(endpoint, end.lines), findings=findings + judged.findings, rejected_by=judged.rejected_by
        )
    except Exception as error:  # noqa: BLE001 - promise 6: our faults are 4xx, without a word of what they are
        return (_failure(error, counters, endpoint.name),)
    counters.answered.observe(time.monotonic() - began)
    _count(counters, end, receipt, spooled=isinstance(content, Spool), refused=bool(judged.rejected_by or receipt.reply))
    if judged.rejected_by:
        log.info("a message was refused", listener=endpoint.name, rule=judged.rejected_by, capture=receipt.uuid)
        return (f"{judged.reply} archived={receipt.uuid}",)
    if receipt.reply:
        log.info("a message was refused", listener=endpoint.name, capture=receipt.uuid)
    return _replies(receipt, wire, end, gate.settings.city.domains)


def _count(counters: Counters, end: EndOfData, receipt: Receipt, *, spooled: bool, refused: bool) -> None:
    """Note a message that was archived."""
    counters.kept += 1
    counters.kept_bytes += end.size
    counters.spooled += spooled
    counters.long_lines += end.lines.long
    counters.mended += end.lines.mended
    counters.refused += refused
    counters.accepted += not refused
    for check in receipt.unavailable:
        counters.unavailable[check] += 1


def _replies(receipt: Receipt, wire: Session, end: EndOfData, domains: list[str]) -> tuple[str, ...]:
    """Replies for an archived message: acceptance, rejection, or by LMTP one for each recipient."""
    taken = f"250 2.0.0 Ok archived={receipt.uuid}"
    refused = {d.to: d.reply for d in receipt.dispositions if d.do == "refuse"}
    if not refused or (wire.profile.protocol != "lmtp" and not receipt.reply):
        return (taken,)
    if wire.profile.protocol != "lmtp":
        return (rejection_reply(receipt.reply, receipt.id),)
    addresses = [recipient_address(r.path, domains) for r in end.transaction.recipients]
    at = {address: n for n, address in enumerate(dict.fromkeys(filter(None, addresses)))}
    noes = (refused.get(at.get(one, -1), receipt.reply) for one in addresses)
    return tuple(rejection_reply(no, receipt.id) if no else taken for no in noes)


def _failure(error: Exception, counters: Counters, listener: str) -> str:
    """The reply for a failure; writes log and counters.

    The journal's recovery removes a spool file: after a failed commit, a record may or may not name it.
    """
    if isinstance(error, RefusedError):
        counters.refused += 1
        return error.smtp
    counters.deferred += 1
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        log.error("a message was not kept", listener=listener, error="DiskFull")
        return DiskFull.smtp
    if isinstance(error, CivicmailError):
        log.error("a message was not kept", listener=listener, error=type(error).__name__)
        return error.smtp if error.smtp.startswith("4") else replies.LOCAL_ERROR
    counters.faults += 1
    log.error("a message was not kept", listener=listener, exc_info=error)
    return replies.LOCAL_ERROR
