"""Reports that come by mail: journals are followed for messages to the address for them, each once (P-31).

What is attached, or quoted, is looked for among what came to whoever reports: by its Message-ID, by a number of ours that stands in
it, else by its words. What cannot be found is a report all the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction

from civicmail.city.notices import tokens
from civicmail.city.notices.errors import BadLink
from civicmail.core.config.log import get_logger
from civicmail.core.disk.tail import Record
from civicmail.core.message import letter as letters
from civicmail.core.message.shapes import Letter
from civicmail.desk.holding import senders
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import reporting
from civicmail.desk.incidents.models import Heard
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.pipeline import reported
from civicmail.mail.pipeline.labels import is_inbound
from civicmail.mail.pipeline.marks import Marks, marks_of, of_letter

log = get_logger()


class Hearing:
    """Of the installation."""

    def __init__(self) -> None:
        domains = tuple(domain.lower() for domain in settings.CITY.city.domains)
        self._to = reported.addresses(settings.CITY.screening.incidents, domains)
        self._signs = tuple(address.encode() for address in self._to)
        self._domains = domains
        self._waiting: list[Capture] = []
        self.positions: dict[str, int] = dict(Heard.objects.values_list("journal", "number"))

    @property
    def has_news(self) -> bool:
        return bool(self._waiting)

    def hear(self, record: Record) -> None:
        if record.type != Type.RECEIPT:
            return
        head = bytes(record.head).lower()
        if not any(sign in head for sign in self._signs):
            return
        capture = Capture.from_head(record.head)
        to = {r.address.lower() for r in capture.envelope.recipients}
        if to & self._to and capture.size <= reported.BYTES and (is_inbound(capture) or capture.envelope.login):
            self._waiting.append(capture)

    def write(self, now: int) -> None:
        """Raises DatabaseError, LaterError while the index cannot be asked: then nothing was written, and it can be tried again."""
        with transaction.atomic():
            for capture in self._waiting:
                self._one(capture, now)
            for journal, number in self.positions.items():
                Heard.objects.update_or_create(journal=journal, defaults={"number": number})
        self._waiting = []

    def _one(self, capture: Capture, now: int) -> None:
        raw = queries.bytes_of_report(capture.id)
        if raw is None:
            log.error("a report cannot be read", capture=capture.uuid)
            return
        letter = letters.read(raw)
        person = senders.person_of(capture.envelope.login.partition("/")[0]) if capture.envelope.login else None
        if person is None:
            reporting.report_from_outside(capture.uuid, self._said(letter, raw), now=now)
            return
        own = {*queries.addresses_of(person), capture.envelope.sender.lower()}
        found = list(dict.fromkeys(_found(letter, raw, own)))[: reported.MOST]
        for id_ in found:
            if (marks := queries.marks_of(id_)) is not None:
                reporting.report(str(uuid.UUID(bytes=id_)), marks, person, "mail", actor=reporting.BY_MAIL, now=now)
        if not found:
            marks = self._said(letter, raw)
            reporting.report(capture.uuid, marks, person, "mail", actor=reporting.BY_MAIL, now=now, known=False)

    def _said(self, letter: Letter, raw: bytes) -> Marks:
        """Of what is in a report: the message that is attached, else the whole."""
        for child in letter.children:
            return of_letter(child, raw, self._domains)
        files = [part.content for part in letter.attachments if part.filename.lower().endswith(".eml")]
        return marks_of(files[0] if files else raw, self._domains)


def _of_link(purpose: str, token: str) -> str:
    """The number of the message that a link of ours is for, whenever it was made; "" for what is no link of ours."""
    data: Path | None = settings.DATA
    assert data is not None, "reports have an installation"
    try:
        return str(uuid.UUID(bytes=tokens.ring(data).verify(purpose, token).capture))
    except BadLink:
        return ""


def _found(letter: Letter, raw: bytes, own: set[str]) -> Iterator[bytes]:
    """Captures that came to these addresses and that the report is about."""
    for message_id in reported.attached(raw):
        if (id_ := queries.by_message_id(message_id, own)) is not None:
            yield id_
    subject, text, numbers = reported.forwarded(letter)
    linked = [number for link in reported.links(letter) if (number := _of_link(*link))]
    for number in (*linked, *numbers):
        found = queries.record(number)
        if found is not None and any(reported.was_theirs(found, address) for address in own):
            yield found.id
    if not letter.children and not numbers and not linked and text:
        yield from queries.by_words(subject, text, own)
