"""Reports that come by mail: journals are followed for messages to the address for them, each once (P-31).

What is attached, or quoted, is looked for among what came to whoever reports: by its Message-ID, by a number of ours that stands in
it, else by its words. What cannot be found is a report all the same, also where the report itself cannot be read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from civicmail.city.directory.models import Person
from civicmail.city.notices import tokens
from civicmail.city.notices.errors import BadLink
from civicmail.core.config.errors import LaterError
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
AT_ONCE = 50
"""Reports of one transaction."""


class Hearing:
    """Of the installation."""

    def __init__(self) -> None:
        domains = tuple(domain.lower() for domain in settings.CITY.city.domains)
        self._to = reported.addresses(settings.CITY.screening.incidents, domains)
        self._signs = tuple(address.encode() for address in self._to)
        self._domains = domains
        self._waiting: list[tuple[str, int, Capture]] = []
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
        if to & self._to and (is_inbound(capture) or capture.envelope.login):
            self._waiting.append((record.journal, record.number, capture))

    def write(self, now: int) -> None:
        """Some at a time, so that others write in between. Raises DatabaseError, LaterError while the index cannot be asked: what
        was not written can be tried again."""
        while some := self._waiting[:AT_ONCE]:
            with transaction.atomic():
                for _, _, capture in some:
                    self._surely(capture, now)
                _note({journal: number for journal, number, _ in some})
            del self._waiting[:AT_ONCE]
        with transaction.atomic():
            _note(self.positions)

    def _surely(self, capture: Capture, now: int) -> None:
        """One report that trips us up is a case without its words, and holds up no other."""
        try:
            with transaction.atomic():
                self._one(capture, now)
        except (LaterError, OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whoever wrote it must not stop everybody's reports
            log.error("a report cannot be looked into", capture=capture.uuid, error=type(error).__name__)
            self._kept(capture, self._reporter(capture), Marks(capture.sha256.hex()), now)

    def _one(self, capture: Capture, now: int) -> None:
        raw = queries.bytes_of_report(capture.id) if capture.size <= reported.BYTES else None
        person = self._reporter(capture)
        if raw is None:
            log.warning("a report is too large, or cannot be read", capture=capture.uuid)
            self._kept(capture, person, Marks(capture.sha256.hex()), now)
            return
        letter = letters.read(raw)
        if person is None or not self._found(letter, raw, capture, person, now):
            self._kept(capture, person, self._said(letter, raw), now)

    def _found(self, letter: Letter, raw: bytes, capture: Capture, person: Person, now: int) -> bool:
        """Whether it is about something that came to whoever sent it, which is reported then."""
        own = {*queries.addresses_of(person), capture.envelope.sender.lower()}
        found = list(dict.fromkeys(_found(letter, raw, own)))[: reported.MOST]
        marked = [(id_, marks) for id_ in found if (marks := queries.marks_of(id_)) is not None]
        for id_, marks in marked:
            reporting.report(str(uuid.UUID(bytes=id_)), marks, person, "mail", actor=reporting.BY_MAIL, now=now)
        return bool(marked)

    def _reporter(self, capture: Capture) -> Person | None:
        login = capture.envelope.login.partition("/")[0]
        return senders.person_of(login) if login else None

    def _kept(self, capture: Capture, person: Person | None, marks: Marks, now: int) -> None:
        """A report of what we do not have, or of nobody whom we know."""
        if person is None:
            reporting.report_from_outside(capture.uuid, marks, now=now)
        else:
            reporting.report(capture.uuid, marks, person, "mail", actor=reporting.BY_MAIL, now=now, known=False)

    def _said(self, letter: Letter, raw: bytes) -> Marks:
        """Of what is in a report: the message that is attached, else the whole."""
        for child in letter.children:
            return of_letter(child, raw, self._domains)
        files = [part.content for part in letter.attachments if part.filename.lower().endswith(".eml")]
        return marks_of(files[0] if files else raw, self._domains)


def _note(positions: Mapping[str, int]) -> None:
    for journal, number in positions.items():
        Heard.objects.update_or_create(journal=journal, defaults={"number": number})


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
