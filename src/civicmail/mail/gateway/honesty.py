"""The sender of a message that has come in whole, judged before it is kept (P-14, L2).

What is refused is kept too: an employee's refused message is evidence; nobody gets it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from civicmail.city.access.sender_alignment import CHECK, check, has_identification_block
from civicmail.city.access.sender_refusals import smtp_reply
from civicmail.city.policy.dispositions import Finding
from civicmail.core.message.filter_verdicts import header_of
from civicmail.mail.gateway.doors import Door
from civicmail.mail.gateway.gate import Gate
from civicmail.mail.gateway.people import Member
from civicmail.mail.search import message_reader


@dataclass(frozen=True, slots=True)
class Judged:
    """refused: the rule by which its sender is told no, with this reply; else empty."""

    refused: str = ""
    reply: str = ""
    findings: tuple[Finding, ...] = ()


NOTHING = Judged()


async def text_of(gate: Gate, member: Member | None, start: bytes) -> str:
    """The words of a message in which an identification block is looked for; empty where none is asked for. A limited process reads
    them. Raises LaterError where none can."""
    if member is None or not gate.settings.senders.identification:
        return ""
    return await asyncio.to_thread(message_reader.words, start)


def judge(gate: Gate, door: Door, member: Member | None, sender: str, start: bytes, *, whole: bool, text: str = "") -> Judged:
    """sender: the return address; start: the beginning of the content, or the whole; text: of text_of. Only people who signed in,
    whose access is asked for once more, and peers with a scope are held to it."""
    if door.kind != "submission" and not door.senders:
        return NOTHING
    now, snapshot, person = gate.clock(), gate.people.now, gate.people.member(member)
    if door.kind == "submission":
        if reply_ := gate.people.may_send(member):
            return Judged("access-ended", reply_)
        assert person is not None and snapshot is not None
    header = header_of(start)
    if header is None and not whole:
        return _refused("header-missing")
    verdict = check(start if header is None else header, sender, snapshot, person=person, scope=door.senders, now=now)
    if verdict.refused:
        return Judged(verdict.refused, verdict.smtp, verdict.findings)
    wanted = gate.settings.senders.identification
    if person is None or snapshot is None or person.machine or not wanted:
        return Judged(findings=verdict.findings)
    if has_identification_block(text, wanted, snapshot, person, now):
        return Judged(findings=verdict.findings)
    if gate.settings.senders.without_identification == "refuse":
        return _refused("unidentified")
    return Judged(findings=(*verdict.findings, Finding(CHECK, "unidentified")))


def _refused(rule: str) -> Judged:
    return Judged(rule, smtp_reply(rule), (Finding(CHECK, rule),))
