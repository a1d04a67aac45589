"""Journals are followed for what people's side has to do: findings for use reviewers, notices to senders. Each record once: what
came of it is written with the place up to which it was read."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import transaction

from civicmail.city.access.actions import reached, tallies
from civicmail.city.access.moments import moment
from civicmail.city.policy.rules import Book
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record
from civicmail.desk.holding import asked, queries, senders
from civicmail.desk.holding.actions import asking, containing, counting, forwarded, shared, standing, stuck
from civicmail.desk.holding.actions.reaping import KEPT_DAYS
from civicmail.desk.holding.actions.reviewing import pseudonym_of
from civicmail.desk.holding.actions.telling import tell_reviewers, tell_sender
from civicmail.desk.holding.asked import Said, Sent
from civicmail.desk.holding.models import Finding, Heard
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Type

_TELLING = (b'"review":', b'"notify:', b'"do":"hold"', b'"do":"quarantine"', asking.USED, stuck.SIGN, *asked.FORWARDED)
_COUNTED = (*asked.PERSONAL, asked.ENCRYPTED)
"""Of these a record is read for sums alone."""
"""One of these stands in a head that asks for something; the others are not read."""
TOGETHER = 20
"""Records whose consequences are one transaction: a manager who answers does not wait for all that has come meanwhile."""
AT_ONCE = "high"
"""How severe a rule is of whose findings reviewers hear at once: a threat does not wait for somebody to look at the list."""
log = get_logger()


@dataclass(slots=True)
class Waiting:
    """Of one record, read and not written yet. sent, said: of a receipt, or of a decision about what was sent; decided: the
    capture of that decision, whose sender stands in its receipt; later: its findings; contained: mail of an account that acts
    unlike its owner; stuck: a capture with a copy that has no way (stuck.py); head: of a receipt, for sums."""

    journal: str
    number: int
    sent: Sent | None = None
    said: list[Said] = field(default_factory=list)
    decided: str = ""
    later: list[dict[str, Any]] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    contained: containing.Seen | None = None
    leaving: asking.Seen | None = None
    used: list[str] = field(default_factory=list)
    stuck: str = ""

    def __bool__(self) -> bool:
        return bool(self.sent or self.decided or self.contained or self.leaving or self.used or self.stuck)


class Hearing:
    """Of the installation."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self.positions: dict[str, int] = reached.of(Heard)

    @property
    def has_news(self) -> bool:
        return bool(self._waiting)

    def hear(self, record: Record) -> None:
        signs = (*_TELLING, *_COUNTED)
        if record.type not in (Type.RECEIPT, Type.DECIDED, Type.DEFERRED) or not any(sign in record.head for sign in signs):
            return
        if one := _read(record):
            self._waiting.append(one)

    def write(self, now: int) -> None:
        """Some at a time, so that others write in between. Raises DatabaseError: what was not written can be tried again."""
        while some := self._waiting[:TOGETHER]:
            whose = [_sent(one.decided or one.stuck, one.later) if one.decided or one.stuck else one.sent for one in some]
            book = queries.book()
            with transaction.atomic():
                for one, sent in zip(some, whose, strict=True):
                    self._write(one, sent, book, now)
                reached.note(Heard, {one.journal: one.number for one in some})
            del self._waiting[:TOGETHER]
        with transaction.atomic():
            reached.note(Heard, self.positions)

    def _write(self, one: Waiting, sent: Sent | None, book: Book, now: int) -> None:
        """sent: by whom what this record is about was sent; None where that is nobody's, or cannot be told."""
        if one.contained is not None:
            containing.note(one.contained, now=now)
        elif one.stuck and sent is not None:
            stuck.tell_sender(sent, now)
        elif sent is not None:
            self._one(sent, one, book, now)
        standing.count(Counter(one.used), now)
        if one.leaving is not None:
            asking.note(one.leaving, now=now)

    def _one(self, sent: Sent, one: Waiting, book: Book, now: int) -> None:
        said = one.said
        if sent.forwarding is not None:
            forwarded.tell(sent, sent.forwarding, said, book, now)
            return
        person = senders.person_of(sent.subject)
        if person is None:
            shared.tell_owners(sent, asked.for_sender(said, book), now)
            return
        counting.count(sent, said, one.head or {"findings": one.later}, person, book)
        tell_sender(person, sent.capture, sent.at, asked.for_sender(said, book), now)
        if sent.exempt or now - sent.at > KEPT_DAYS * 86_400_000:
            return
        for name, (copies, evidence) in asked.about_use(said, book).items():
            rule = book.rule(name)
            assert rule is not None
            row, made = Finding.objects.get_or_create(
                capture=sent.capture,
                rule=name,
                defaults={
                    "condition": asked.condition(rule), "clause": rule.clause, "copies": copies, "evidence": [*map(list, evidence)],
                    "pseudonym": pseudonym_of(person), "received": moment(sent.at), "made": moment(now),
                },
            )  # fmt: skip
            if made:
                tallies.add(senders.department_of(person), "finding", at=moment(sent.at))
            if made and rule.severity == AT_ONCE:
                tell_reviewers(row, person, now)


def _read(record: Record) -> Waiting:
    head: dict[str, Any] = orjson.loads(record.head)
    one = Waiting(record.journal, record.number)
    if record.type == Type.DEFERRED:
        if stuck.SIGN in record.head:
            one.stuck = head["id"]
        return one
    one.used = [*asking.used(head)]
    if asking.SIGN in record.head:
        one.leaving = asking.of_record(head, is_receipt=record.type == Type.RECEIPT)
    if record.type == Type.DECIDED:
        one.decided, one.said, one.later = head["id"], [asked.of_decision(head)], list(head["facts"].get("findings", ()))
    elif containing.SIGN in record.head and (contained := containing.seen(head)) is not None:
        one.contained = contained
    else:
        one.sent, one.said, one.head = asked.sent_by_any(head), asked.of_receipt(head), head
    return one


def _sent(capture: str, later: list[dict[str, Any]]) -> Sent | None:
    try:
        recorded, _ = queries.kept().record(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile) as error:
        log.error("who sent a message cannot be told", capture=capture, error=type(error).__name__)
        return None
    return asked.sent_by_any(orjson.loads(recorded.head(recorded.journal, recorded.number)), later)
