"""Reports that come by mail: follow the journals for messages to the report address, each once (P-31).

The attached or quoted message is looked up in the reporter's mail: by Message-ID, by a capture number in it, else by its words. A
message without a match is reported all the same, even if the report itself is unreadable. The report is read in a sandboxed process
before anything is written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from civicmail.city.directory.models import Person
from civicmail.city.identity.actions import journal_offsets
from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.tail import Record
from civicmail.desk.holding import senders
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import reporting
from civicmail.desk.incidents.models import Heard
from civicmail.mail.archive.mailbox_evidence import sent_by
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.pipeline import user_reports
from civicmail.mail.pipeline.fingerprints import Fingerprint, ReportContent

log = get_logger()
SOURCES = frozenset({"mx", "lmtp", "submission", "relay"})
"""Imported and journaled mail reports nothing: it was reported, or delivered, elsewhere."""
BATCH_SIZE = 50
"""Reports of one transaction."""


@dataclass(frozen=True, slots=True)
class _About:
    """The subject of a report. theirs: captures that came to the reporter, with their marks; marks: of the report's content, if
    there are none."""

    marks: Fingerprint
    person: Person | None
    theirs: tuple[tuple[bytes, Fingerprint], ...]


class MailReports:
    """The journal consumer for mailed reports."""

    def __init__(self) -> None:
        domains = tuple(domain.lower() for domain in settings.CITY.city.domains)
        self._to = user_reports.addresses(settings.CITY.screening.incidents, domains)
        self._signs = tuple(address.encode() for address in self._to)
        self._waiting: list[tuple[str, int, Capture]] = []
        self.positions: dict[str, int] = journal_offsets.read_offsets(Heard)

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
        if to & self._to and capture.source.kind in SOURCES:
            self._waiting.append((record.journal, record.number, capture))

    def write(self, now: int) -> None:
        """Write reports in small batches, so that other writers get a turn.
        Raises DatabaseError, LaterError while the index is unavailable; unwritten reports can be retried."""
        while some := self._waiting[:BATCH_SIZE]:
            looked = [self._looked(capture) for _, _, capture in some]  # slow, so done without a lock
            with transaction.atomic():
                for (_, _, capture), about in zip(some, looked, strict=True):
                    self._surely(capture, about, now)
                journal_offsets.store_offsets(Heard, {journal: number for journal, number, _ in some})
            del self._waiting[:BATCH_SIZE]
        with transaction.atomic():
            journal_offsets.store_offsets(Heard, self.positions)

    def _looked(self, capture: Capture) -> _About | None:
        """The content of a report; None if it is unknown."""
        try:
            report = queries.report_in(capture.id) if capture.size <= user_reports.BYTES else None
            if report is None:
                log.warning("a report is too large, or cannot be read", capture=capture.uuid)
                return None
            person = self._reporter(capture)
            return _About(report.marks, person, self._theirs(report, capture, person) if person is not None else ())
        except (LaterError, OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whoever wrote it must not stop everybody's reports
            log.error("a report cannot be looked into", capture=capture.uuid, error=type(error).__name__)
            return None

    def _surely(self, capture: Capture, about: _About | None, now: int) -> None:
        """Write one report; if that fails, open a case without its text, and block no other."""
        try:
            if about is not None:
                with transaction.atomic():
                    self._one(capture, about, now)
                return
        except (LaterError, OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - as above
            log.error("a report cannot be written", capture=capture.uuid, error=type(error).__name__)
        self._kept(capture, self._reporter(capture), Fingerprint(capture.sha256.hex()), now)

    def _one(self, capture: Capture, about: _About, now: int) -> None:
        if about.person is None or not about.theirs:
            self._kept(capture, about.person, about.marks, now)
            return
        for id_, marks in about.theirs:
            reporting.report(str(uuid.UUID(bytes=id_)), marks, about.person, "mail", actor=reporting.BY_MAIL, now=now)

    def _theirs(self, report: ReportContent, capture: Capture, person: Person) -> tuple[tuple[bytes, Fingerprint], ...]:
        """Reported captures that came to the reporter."""
        own = {*queries.addresses_of(person), capture.envelope.sender.lower()}
        ids = list(dict.fromkeys(_reported_captures(report, own)))[: user_reports.MAX_MESSAGES]
        return tuple((id_, marks) for id_ in ids if (marks := queries.marks_of(id_)) is not None)

    def _reporter(self, capture: Capture) -> Person | None:
        """The signed-in sender, or the mailbox that a peer asserts: in Exchange, Microsoft 365 or Google people sign in there."""
        subject = capture.envelope.login.partition("/")[0] or (sent_by(capture) if capture.source.kind == "relay" else "")
        return senders.person_of(subject) if subject else None

    def _kept(self, capture: Capture, person: Person | None, marks: Fingerprint, now: int) -> None:
        """Report a message that we do not have, or whose reporter is unknown."""
        if person is None:
            reporting.report_from_outside(capture.uuid, marks, now=now)
        else:
            reporting.report(capture.uuid, marks, person, "mail", actor=reporting.BY_MAIL, now=now, known=False)


def _of_link(purpose: str, token: str) -> str:
    """The message number in one of our links, even an old one; "" for any other link."""
    data: Path | None = settings.DATA
    assert data is not None, "reports have an installation"
    try:
        return str(uuid.UUID(bytes=signed_links.ring(data).verify(purpose, token).capture))
    except BadLink:
        return ""


def _reported_captures(report: ReportContent, own: set[str]) -> Iterator[bytes]:
    """Captures that came to these addresses and that the report is about."""
    for message_id in report.ids:
        if (id_ := queries.by_message_id(message_id, own)) is not None:
            yield id_
    linked = [
        number for purpose, token in report.links if purpose in user_reports.PURPOSES and (number := _of_link(purpose, token))
    ]
    for number in (*linked, *report.numbers):
        capture = queries.record(number)
        if capture is not None and any(user_reports.was_received_by(capture, address) for address in own):
            yield capture.id
    if report.quotes and not report.numbers and not linked:
        yield from queries.by_words(report.subject, report.bands, own)
