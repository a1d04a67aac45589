"""Check the sender of a complete message before it is archived (P-14, L2).

A rejected message of an employee is archived too, as evidence; no recipient gets it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import Finding
from civicmail.city.snapshot.sender_alignment import CHECK, check, has_identification_block
from civicmail.city.snapshot.sender_refusals import smtp_reply
from civicmail.core.message.filter_verdicts import header_of
from civicmail.mail.gateway.authorization import Member
from civicmail.mail.gateway.endpoints import Endpoint
from civicmail.mail.gateway.gateway_state import GatewayState
from civicmail.mail.search import message_reader


@dataclass(frozen=True, slots=True)
class SenderVerdict:
    """refused: the rule that rejects the sender, with this reply; empty if accepted."""

    rejected_by: str = ""
    reply: str = ""
    findings: tuple[Finding, ...] = ()


NOTHING = SenderVerdict()


async def text_of(gate: GatewayState, member: Member | None, start: bytes) -> str:
    """Words of a message that are searched for an identification block; empty if none is required. A sandboxed process reads them.
    Raises LaterError if it cannot."""
    if member is None or not gate.settings.senders.identification:
        return ""
    return await asyncio.to_thread(message_reader.words, start)


def judge(
    gate: GatewayState, endpoint: Endpoint, member: Member | None, sender: str, start: bytes, *, whole: bool, text: str = ""
) -> SenderVerdict:
    """Check the sender. sender: the return address; start: the beginning of the content, or all of it; text: from text_of. Applies
    to signed-in people, whose access is checked again, and to peers with a scope."""
    if endpoint.kind != "submission" and not endpoint.senders:
        return NOTHING
    now, snapshot, person = gate.clock(), gate.people.now, gate.people.member(member)
    if endpoint.kind == "submission":
        if reply_ := gate.people.may_send(member):
            return SenderVerdict(rule_keys.ACCESS_ENDED, reply_)
        assert person is not None and snapshot is not None
    header = header_of(start)
    if header is None and not whole:
        return _refused("header-missing")
    verdict = check(start if header is None else header, sender, snapshot, person=person, scope=endpoint.senders, now=now)
    if verdict.refused:
        return SenderVerdict(verdict.refused, verdict.smtp, verdict.findings)
    identification = gate.settings.senders.identification
    if person is None or snapshot is None or person.machine or not identification:
        return SenderVerdict(findings=verdict.findings)
    if has_identification_block(text, identification, snapshot, person, now):
        return SenderVerdict(findings=verdict.findings)
    if gate.settings.senders.without_identification == "refuse":
        return _refused("unidentified")
    return SenderVerdict(findings=(*verdict.findings, Finding(CHECK, "unidentified")))


def _refused(rule: str) -> SenderVerdict:
    return SenderVerdict(rule, smtp_reply(rule), (Finding(CHECK, rule),))
