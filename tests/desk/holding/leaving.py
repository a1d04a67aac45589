"""Somebody of the town sends files out of a department that wants an approval."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from django.conf import settings

from civicmail.city.guard.epoch import from_ms
from civicmail.core.disk.tail import Tail
from civicmail.desk.holding.actions import publish_approvals
from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer
from civicmail.desk.holding.models import Approval, AskedDepartment
from civicmail.desk.mailbox.submission import PageMessage
from civicmail.front.worker import findings
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.screening.correspondents import POLL_MS
from desk.mailbox.writing import Office, office
from pages.world import Town

ACME, DOT, OWL, LENA = "ann@acme.example", "plans@dot.example", "owl@nest.example", "lena.vogt@city.example"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def written(sender: str, to: tuple[str, ...], files: dict[str, bytes], name: str = "") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{name} <{sender}>" if name else sender
    message["To"] = ", ".join(to)
    message["Subject"] = "Kestrel bid"
    message["Message-ID"] = f"<{uuid.uuid4().hex}@city.example>"
    message.set_content("heron-in-the-text\n")
    for file, content in files.items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=file)
    return message.as_bytes()


@dataclass
class Bureau:
    """now is the desk's."""

    desk: Office
    data: Path
    town: Town

    def send(
        self, key: str, *to: str, files: dict[str, bytes] | None = None, text: bytes = b"heron-in-the-text"
    ) -> Approval | None:
        """What comes of it: the question, if one is asked."""
        self.desk.now += POLL_MS  # gateways have looked again
        person = self.town.people[key]
        sender = f"{person.given}.{person.family}@city.example".lower()
        content = written(sender, to, files if files is not None else {"bid-14.pdf": PDF}, person.display)
        content = content.replace(b"heron-in-the-text", text)
        sent = self.desk.submission.send(PageMessage(uuid.uuid4(), person.uid, sender, to, content))
        assert not sent.refused, sent.reply
        self.hear()
        return Approval.objects.filter(capture=sent.capture).first()

    def asked(self, key: str, *to: str, files: dict[str, bytes] | None = None, text: bytes = b"heron-in-the-text") -> Approval:
        row = self.send(key, *to, files=files, text=text)
        assert row is not None
        return row

    def hear(self, after: int = 0) -> None:
        """The worker's round, so many ms from now, on the connection of the test."""
        self.desk.now += after
        JournalReader(self.data, HoldingConsumer(), lambda: self.desk.now).all()
        findings.sweep(self.desk.now)

    def copies(self, row: Approval) -> dict[str, str]:
        """Address -> how its copy stands in the archive: goes, held, or its end."""
        entry = outstanding_file.current(self.data).entries.get(uuid.UUID(row.capture).bytes)
        events = [Event.from_head(r.head) for r in Tail(self.data).poll() if r.type == Type.CANCELLED]
        gone = {n for e in events if e.id == uuid.UUID(row.capture).bytes for n in e.to}
        found = {c.address: "cancelled" for c in row.copies.all() if c.index in gone}
        if entry is not None:
            found |= {c.address: "goes" if c.is_waiting else c.end or "held" for c in entry.copies.values()}
        return found


def switch_on(town: Town, now: int, department: str = "public-works") -> None:
    AskedDepartment.objects.create(
        department=town.departments[department], since=from_ms(now), asked=from_ms(now), by=town.people["author"], reason="A test."
    )
    publish_approvals.publish_standing(now)


@contextmanager
def bureau(data: Path, town: Town, on: bool = True, shares: tuple[str, ...] = ()) -> Iterator[Bureau]:
    """With the starter pack, and a check for files. shares: hosts where the city shares some."""
    city: Any = replace(settings.CITY, screening=replace(settings.CITY.screening, checks=["files"], shares=list(shares)))
    settings.CITY = city
    with office(data, town, city) as desk:
        if on:
            switch_on(town, desk.now)
        yield Bureau(desk, data, town)
