"""Process each journal record once for findings, approvals, containment and notices to senders.

The result of a record and the journal offset are written in one transaction.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import transaction

from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.actions import journal_offsets, tallies
from civicmail.city.policy import rule_keys
from civicmail.city.policy.rules import RuleSet
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record
from civicmail.core.ledger.heads import HeadMatcher, member, prefix
from civicmail.desk.holding import queries, record_facts, senders
from civicmail.desk.holding.actions import (
    approval_requests,
    containment,
    department_totals,
    forwarding_notices,
    shared_mailbox_notices,
    standing_approvals,
    unencryptable_notice,
)
from civicmail.desk.holding.actions.expire_findings import KEEP_DAYS
from civicmail.desk.holding.actions.review_findings import pseudonym_of
from civicmail.desk.holding.actions.sender_notices import notify_reviewers, notify_sender
from civicmail.desk.holding.models import Finding, Heard
from civicmail.desk.holding.record_facts import CopyDecision, SentMessage
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Type

_RELEVANT = (
    HeadMatcher(member("review"), prefix(rule_keys.NOTIFY), member("do", "hold"), member("do", "quarantine"))
    | approval_requests.STANDING
    | unencryptable_notice.UNENCRYPTABLE
    | record_facts.FORWARDED
    | record_facts.FOR_TOTALS
)
"""Finds heads that ask for something or count; the others are not read."""
BATCH_SIZE = 20
"""Records whose consequences are one transaction: a manager who answers does not wait for all that has come meanwhile."""
URGENT_SEVERITY = "high"
"""How severe a rule is of whose findings reviewers hear at once: a threat does not wait for somebody to look at the list."""
log = get_logger()


@dataclass(slots=True)
class PendingRecord:
    """A record that was read and is not yet written. sent, decisions: of a receipt, or of a decision on a sent message;
    decided_capture: the capture of that decision, whose sender is in its receipt; later_findings: its findings; contained:
    mail of a contained account; unencryptable: a capture with a copy that has no route; head: of a receipt, for totals."""

    journal: str
    number: int
    sent: SentMessage | None = None
    decisions: list[CopyDecision] = field(default_factory=list)
    decided_capture: str = ""
    later_findings: list[dict[str, Any]] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    contained: containment.SuspectMessage | None = None
    pending_files: approval_requests.PendingFiles | None = None
    standing_used: list[str] = field(default_factory=list)
    unencryptable: str = ""

    def __bool__(self) -> bool:
        return bool(
            self.sent or self.decided_capture or self.contained or self.pending_files or self.standing_used or self.unencryptable
        )


class HoldingConsumer:
    """The consumer of this installation."""

    def __init__(self) -> None:
        self._pending: list[PendingRecord] = []
        self.positions: dict[str, int] = journal_offsets.read_offsets(Heard)

    @property
    def has_news(self) -> bool:
        return bool(self._pending)

    def hear(self, record: Record) -> None:
        if record.type not in (Type.RECEIPT, Type.DECIDED, Type.DEFERRED) or not _RELEVANT.matches(record.head):
            return
        if pending := _read_record(record):
            self._pending.append(pending)

    def write(self, now: int) -> None:
        """Write the results in batches, so that others can write in between. Raises DatabaseError: unwritten records can be
        tried again."""
        while batch := self._pending[:BATCH_SIZE]:
            messages = [
                _sent_message(pending.decided_capture or pending.unencryptable, pending.later_findings)
                if pending.decided_capture or pending.unencryptable
                else pending.sent
                for pending in batch
            ]
            book = queries.rule_set()
            with transaction.atomic():
                for one, sent in zip(batch, messages, strict=True):
                    self._write_record(one, sent, book, now)
                journal_offsets.store_offsets(Heard, {one.journal: one.number for one in batch})
            del self._pending[:BATCH_SIZE]
        with transaction.atomic():
            journal_offsets.store_offsets(Heard, self.positions)

    def _write_record(self, pending: PendingRecord, sent: SentMessage | None, book: RuleSet, now: int) -> None:
        """sent: the sent message that the record is about; None if it has no sender, or an unreadable record."""
        if pending.contained is not None:
            containment.contain(pending.contained, now=now)
        elif pending.unencryptable and sent is not None:
            unencryptable_notice.notify_sender(sent, now)
        elif sent is not None:
            self._write_sent(sent, pending, book, now)
        standing_approvals.count_uses(Counter(pending.standing_used), now)
        if pending.pending_files is not None:
            approval_requests.request_approval(pending.pending_files, now=now)

    def _write_sent(self, sent: SentMessage, pending: PendingRecord, book: RuleSet, now: int) -> None:
        decisions = pending.decisions
        if sent.forwarding is not None:
            forwarding_notices.notify(sent, sent.forwarding, decisions, book, now)
            return
        person = senders.person_of(sent.subject)
        if person is None:
            shared_mailbox_notices.notify_held(sent, record_facts.rule_notices(decisions, book), now)
            return
        department_totals.count_sent(sent, decisions, pending.head or {"findings": pending.later_findings}, person, book)
        notify_sender(person, sent.capture, sent.at, record_facts.rule_notices(decisions, book), now)
        if sent.exempt or now - sent.at > KEEP_DAYS * 86_400_000:
            return
        for name, (copies, evidence) in record_facts.use_findings(decisions, book).items():
            rule = book.rule(name)
            assert rule is not None
            row, created = Finding.objects.get_or_create(
                capture=sent.capture,
                rule=name,
                defaults={
                    "condition": record_facts.condition_digest(rule),
                    "clause": rule.clause,
                    "copies": copies,
                    "evidence": [*map(list, evidence)],
                    "pseudonym": pseudonym_of(person),
                    "received": from_ms(sent.at),
                    "made": from_ms(now),
                },
            )
            if created:
                tallies.add(senders.department_of(person), "finding", at=from_ms(sent.at))
            if created and rule.severity == URGENT_SEVERITY:
                notify_reviewers(row, person, now)


def _read_record(record: Record) -> PendingRecord:
    head: dict[str, Any] = orjson.loads(record.head)
    pending = PendingRecord(record.journal, record.number)
    if record.type == Type.DEFERRED:
        if unencryptable_notice.UNENCRYPTABLE.matches(record.head):
            pending.unencryptable = head["id"]
        return pending
    pending.standing_used = [*approval_requests.standing_approvals_used(head)]
    if approval_requests.FILE_WAITS.matches(record.head):
        pending.pending_files = approval_requests.pending_files(head, is_receipt=record.type == Type.RECEIPT)
    if record.type == Type.DECIDED:
        pending.decided_capture, pending.decisions, pending.later_findings = (
            head["id"],
            [record_facts.later_decision(head)],
            list(head["facts"].get("findings", ())),
        )
    elif containment.CONTAINED.matches(record.head) and (contained := containment.suspect_message(head)) is not None:
        pending.contained = contained
    else:
        pending.sent, pending.decisions, pending.head = (
            record_facts.sent_by_anyone(head),
            record_facts.receipt_decisions(head),
            head,
        )
    return pending


def _sent_message(capture: str, later_findings: list[dict[str, Any]]) -> SentMessage | None:
    try:
        recorded, _ = queries.held_copies().record(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile) as error:
        log.error("who sent a message cannot be told", capture=capture, error=type(error).__name__)
        return None
    return record_facts.sent_by_anyone(orjson.loads(recorded.head(recorded.journal, recorded.number)), later_findings)
