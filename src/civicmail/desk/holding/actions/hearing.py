"""Journals are followed for what people's side has to do: findings for use reviewers, notices to senders. Each record once: what
came of it is written with the place up to which it was read."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import transaction

from civicmail.city.access.actions import reached
from civicmail.city.access.moments import moment
from civicmail.city.policy.rules import Book
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record
from civicmail.desk.holding import asked, queries, senders
from civicmail.desk.holding.actions import asking, containing, forwarded, standing, stuck
from civicmail.desk.holding.actions.reaping import KEPT_DAYS
from civicmail.desk.holding.actions.reviewing import pseudonym_of
from civicmail.desk.holding.actions.telling import tell_reviewers, tell_sender
from civicmail.desk.holding.asked import Said, Sent
from civicmail.desk.holding.models import Finding, Heard
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Type

_TELLING = (b'"review":', b'"notify:', b'"do":"hold"', b'"do":"quarantine"', asking.USED, stuck.SIGN)
"""One of these stands in a head that asks for something; the others are not read."""
AT_ONCE = "high"
"""How severe a rule is of whose findings reviewers hear at once: a threat does not wait for somebody to look at the list."""
log = get_logger()


@dataclass(slots=True)
class Waiting:
    """Read, and not written yet. receipts: head and decisions; contained: mail of accounts that act unlike their owners; decided:
    (capture, decision), whose sender stands in its receipt; stuck: captures with a copy that has no way (stuck.py)."""

    receipts: list[tuple[Sent, list[Said]]] = field(default_factory=list)
    contained: list[containing.Seen] = field(default_factory=list)
    decided: list[tuple[str, Said]] = field(default_factory=list)
    leaving: list[asking.Seen] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)
    stuck: list[str] = field(default_factory=list)


class Hearing:
    """Of the installation."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        self.positions: dict[str, int] = reached.of(Heard)

    @property
    def has_news(self) -> bool:
        found = self._waiting
        return bool(found.receipts or found.decided or found.contained or found.leaving or found.used or found.stuck)

    def hear(self, record: Record) -> None:
        if record.type not in (Type.RECEIPT, Type.DECIDED, Type.DEFERRED) or not any(sign in record.head for sign in _TELLING):
            return
        head: dict[str, Any] = orjson.loads(record.head)
        if record.type == Type.DEFERRED:
            if stuck.SIGN in record.head:
                self._waiting.stuck.append(head["id"])
            return
        self._waiting.used.update(asking.used(head))
        if asking.SIGN in record.head and (files := asking.of_record(head, is_receipt=record.type == Type.RECEIPT)) is not None:
            self._waiting.leaving.append(files)
        if record.type == Type.DECIDED:
            self._waiting.decided.append((head["id"], asked.of_decision(head)))
        elif containing.SIGN in record.head and (one := containing.seen(head)) is not None:
            self._waiting.contained.append(one)
        elif (sent := asked.sent(head)) is not None:
            self._waiting.receipts.append((sent, asked.of_receipt(head)))

    def write(self, now: int) -> None:
        """Raises DatabaseError: then nothing was written, and it can be tried again."""
        found = list(self._waiting.receipts)
        found += [(sent, [said]) for capture, said in self._waiting.decided if (sent := _sent(capture)) is not None]
        book = queries.book() if found else None
        with transaction.atomic():
            for sent, said in found:
                assert book is not None
                self._one(sent, said, book, now)
            for one in self._waiting.contained:
                containing.note(one, now=now)
            for capture in dict.fromkeys(self._waiting.stuck):
                if (sent := _sent(capture)) is not None:
                    stuck.tell_sender(sent, now)
            standing.count(self._waiting.used, now)
            for files in self._waiting.leaving:
                asking.note(files, now=now)
            reached.note(Heard, self.positions)
        self._waiting = Waiting()

    def _one(self, sent: Sent, said: list[Said], book: Book, now: int) -> None:
        if sent.forwarder:
            forwarded.tell(sent, said, now)
            return
        person = senders.person_of(sent.subject)
        if person is None:
            return
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
            if made and rule.severity == AT_ONCE:
                tell_reviewers(row, person, now)


def _sent(capture: str) -> Sent | None:
    try:
        recorded, _ = queries.kept().record(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile) as error:
        log.error("who sent a message cannot be told", capture=capture, error=type(error).__name__)
        return None
    return asked.sent(orjson.loads(recorded.head(recorded.journal, recorded.number)))
