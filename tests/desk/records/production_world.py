"""A request whose messages are in the archive and decided, ready for a production, and the worker that makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.law import adopted, shipped
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.redaction.read import document_of
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import Decision, Item, Production, Redaction, Request, SubjectNotice
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.worker_jobs.productions import Producing
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.records.review_world import Desk
from mail.archive.making import UNSYNCED

SECRET = "99887766"
LETTER = """From: Zoe Dufresne <zoe@city.example>\r
To: Tariq Okonjole <tariq@city.example>\r
Subject: Lead line list {n}\r
Date: Thu, 12 Nov 2026 14:05:00 -0600\r
Message-ID: <{n}@city.example>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
{body}\r
"""
BODIES = {1: f"Account {SECRET} is hers.", 2: "The list is ready.", 3: "The lead bid has a formula.", 4: "Pizza on Friday?"}


class Release(Desk):
    """Message 1 is redacted, 2 released, 3 withheld, 4 personal; message 5 is a copy of 2. installed: the data folder."""

    def __init__(self, city: Any, installed: Path) -> None:
        super().__init__(city)
        self.data = installed
        Production.objects.filter(request=self.request, publication__isnull=True).delete()
        for row in Production.objects.filter(request=self.request):
            row.publication.delete()
            row.delete()
        SubjectNotice.objects.filter(request=self.request).delete()
        self.request.scopes.filter(state="agreed").update(query="lead")
        self.bodies = {n: LETTER.format(n=n, body=body).encode() for n, body in BODIES.items()}
        self.bodies |= {5: self.bodies[2], 9: LETTER.format(n=9, body="The second list.").encode()}
        self.captures = self.archived()
        for n in range(1, 6):
            self.item(n, "content 2" if n == 5 else "", capture=self.captures[n], holders=[f"crew{n}@city.example"])
        self.decide(1, "redact")
        words = [word.text for word in document_of(self.bodies[1], "message.eml").words]
        at = words.index(SECRET)
        Redaction.objects.create(
            request=self.request, content=self.items[1].content, number=14, first=at, last=at, code="19.36(13)",
            reason="An account number.", by=self.city.people["recorder"], at=city.now,
        )  # fmt: skip
        self.decide(2, "release")
        self.decide(3, "withhold", code="19.36(5)", reason="It describes a trade secret of the bidder.")
        self.decide(4, "personal", code="schill", reason="Purely personal.")

    def move_to_federal_law(self) -> None:
        """The request runs under the other pack, with its codes."""
        text, today = shipped.text("federal"), local_day(self.city.now)
        pack = adopted.adopt(self.data, text, by="attorney", at=epoch_ms(self.city.now), today=today).pack
        Request.objects.filter(pk=self.request.pk).update(law=pack.name, law_version=pack.version)
        Decision.objects.filter(request=self.request, verdict="withhold").update(code="(b)(4)")
        Decision.objects.filter(request=self.request, verdict="personal").update(code="non-record")
        Redaction.objects.filter(request=self.request).update(code="(b)(6)")
        self.request.refresh_from_db()

    @property
    def items(self) -> dict[int, Item]:
        return {item.number: item for item in Item.objects.filter(request=self.request)}

    def decide(self, number: int, verdict: str, **more: Any) -> Decision:
        content = self.items[number].content
        Decision.objects.filter(request=self.request, content=content, replaced=None).update(replaced=self.city.now)
        recorder = self.city.people["recorder"]
        return Decision.objects.create(
            request=self.request, content=content, verdict=verdict, by=recorder, at=self.city.now, **more
        )

    def order(self, *formats: str, interim: bool = False) -> Production:
        self.request.refresh_from_db()
        return productions.order(self.request, formats, interim=interim, actor=self.actor(), now=self.now())

    def worker(self, **more: Any) -> Producing:
        return Producing(self.data, self.now, **more)

    def make(self, row: Production) -> Production:
        """Until the gate has passed or refused it."""
        worker = self.worker()
        while worker.step():
            pass
        row.refresh_from_db()
        return row

    def approve(self, row: Production) -> Production:
        return productions.approve(row, row.manifest, actor=self.actor("attorney"), now=self.now())

    def release(self, row: Production) -> Production:
        return productions.release(row, data=self.data, actor=self.actor(), now=self.now())

    def files(self, row: Production) -> dict[str, bytes]:
        place = productions.folder(self.data, row) / "files"
        return {path.name: path.read_bytes() for path in place.iterdir()}

    def archived(self) -> dict[int, str]:
        now = self.now()
        writer = Writer(self.data, lambda: now, UNSYNCED, 1 << 20)
        captures = {}
        for n, body in self.bodies.items():
            envelope = Envelope("zoe@city.example", (Recipient("tariq@city.example"),), now - n, "192.0.2.7", "city.example")
            capture = capture_of(capture_id(now - n), scan(body), envelope, Source("submission", "submission"))
            writer.receipt(capture, body)
            captures[n] = capture.uuid
        writer.flush()
        writer.close()
        return captures
