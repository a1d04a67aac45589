"""Mail to records@: follow the journals, put answers to their requests, and everything else into the holding pen (P-11, P-21).

Also mail that a rule sends to the queue `records`, and messages whose files a department said answer a request. A message is
matched by a receipt code in it, else by the number in its subject: an address is never compared, so that people may answer
from another one. Its text stays in the archive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.actions import journal_offsets
from civicmail.core.config.log import get_logger
from civicmail.core.disk.tail import Record
from civicmail.core.message import message_parser
from civicmail.core.message.filter_verdicts import header_of
from civicmail.desk.holding.models import Approval
from civicmail.desk.records import receipts
from civicmail.desk.records.actions import intake, replies
from civicmail.desk.records.models import HeardForRecords, Request
from civicmail.desk.records.queries.custodians import MAILBOX
from civicmail.desk.records.queries.receipts import by_code
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.courier.auto_reply_messages import AutoReplyMessages

log = get_logger()
SOURCES = frozenset({"mx", "lmtp", "submission", "relay"})
"""Imported and journaled mail asks for nothing: it came before, or elsewhere."""
DELIVERED = frozenset({"deliver", "mark"})
"""What a rule does with mail that the desk may see; the rest waits for its officer, who may release it."""
QUEUE = "records"
"""The queue of reviewers that a rule names (city/policy/rules.py, REVIEWS)."""
SCANNED_BYTES = 256 * 1024
"""Of a message, searched for a receipt code."""
BATCH_SIZE = 50
_SOFT_BREAK = re.compile(rb"=\r?\n")
_NUMBER = re.compile(r"\bPR-[0-9]{4}-[0-9]{5,}\b")


class RecordsMail:
    """The journal consumer for mail to the desk."""

    def __init__(self, data: Path) -> None:
        self._messages = AutoReplyMessages(data)
        self._to = frozenset(f"{MAILBOX}@{domain.lower()}" for domain in settings.CITY.city.domains)
        self._signs = (*(address.encode() for address in self._to), f'"{QUEUE}"'.encode())
        self._waiting: list[tuple[str, int, Capture, str]] = []
        self.positions: dict[str, int] = journal_offsets.read_offsets(HeardForRecords)

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
        if (way := self._way(capture)) and capture.source.kind in SOURCES:
            self._waiting.append((record.journal, record.number, capture, way))

    def write(self, now: int) -> None:
        """Keep each message once, in small batches. Raises DatabaseError; what was not written is repeated."""
        while some := self._waiting[:BATCH_SIZE]:
            with transaction.atomic():
                for _, _, capture, way in some:
                    self._keep(capture, way, now)
                journal_offsets.store_offsets(HeardForRecords, {journal: number for journal, number, _, _ in some})
            del self._waiting[:BATCH_SIZE]
        with transaction.atomic():
            journal_offsets.store_offsets(HeardForRecords, self.positions)

    def _way(self, capture: Capture) -> str:
        """mail for the desk's own, queue for what a rule sends it, "" for neither."""
        to = capture.envelope.recipients
        for disposition in capture.dispositions:
            if to[disposition.to].address.lower() in self._to and disposition.do in DELIVERED:
                return "mail"
        return "queue" if any(QUEUE in disposition.review for disposition in capture.dispositions) else ""

    def _keep(self, capture: Capture, way: str, now: int) -> None:
        request = self._request_of(capture) if way == "mail" else None
        replies.receive(request, way, at=from_ms(capture.received), now=now, capture=capture.uuid)

    def _request_of(self, capture: Capture) -> Request | None:
        """The request that a message names; a message that cannot be read goes into the holding pen."""
        try:
            body = self._messages.body(capture.id) or b""
            subject = message_parser.parse(header_of(body) or b"").subject
            text = f"{subject}\n{_SOFT_BREAK.sub(b'', body[:SCANNED_BYTES]).decode('latin-1')}"
            return next(_by_codes(text), None) or _by_number(subject)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whoever wrote it must not stop everybody's mail
            log.error("mail to the records desk cannot be read", capture=capture.uuid, error=type(error).__name__)
            return None


def take_approvals(now: int) -> int:
    """Make a request of each message whose files a department said answer one, so that it is at the desk. Returns how many."""
    made = 0
    known = Request.objects.filter(intake="approval").values("capture")
    rows = Approval.objects.filter(copies__state="records").exclude(capture="").exclude(capture__in=known).distinct()
    for row in rows.select_related("department")[:BATCH_SIZE]:
        text = (
            f"{row.department.name} says that a message with files answers a request for public records. The message does not "
            f"leave, and it is on hold with its thread. Number of the message: {row.capture}"
        )
        title = f"Files of {row.department.name} that answer a request"
        new = intake.NewRequest(text=text, intake="approval", title=title, capture=row.capture)
        intake.take(new, actor=machine("records"), now=now)
        made += 1
    return made


def _by_codes(text: str) -> Iterator[Request]:
    return filter(None, map(by_code, receipts.codes_in(text)))


def _by_number(subject: str) -> Request | None:
    match = _NUMBER.search(subject)
    return Request.objects.filter(number=match[0]).first() if match else None
