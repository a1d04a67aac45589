"""Mail of the town of tests/pages/world.py in a real data folder: judged as the gateway does it, kept by the pipeline, indexed."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.sender_alignment import check
from civicmail.core.message.filter_verdicts import header_of
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.identity import capture_id, occurrence_bits
from civicmail.mail.archive.records import Event, Occurrence, Source, Type
from civicmail.mail.pipeline.accept import Pipeline, capture_of, scan
from civicmail.mail.search.tasks import IndexJob
from pages.world import Town


class Post:
    """data: the folder of the installation; now: when mail comes in, ms; a second later each time."""

    def __init__(self, data: Path, town: Town) -> None:
        self.data = data
        self.now = epoch_ms(town.now)
        self.snapshot = build_snapshot(1, self.now, tuple(settings.CITY.city.domains))

    def submit(self, sender: str, body: bytes, *to: str, refused: str = "", by: str = "") -> bytes:
        """Somebody of the city, signed in, sends it. sender: their own address; by: somebody else, for that mailbox; the id of the
        capture."""
        box = self.snapshot.mailbox_of(sender)
        assert box is not None
        person = self.snapshot.people[by or box.holder]
        header = header_of(body) or b""
        verdict = check(header, sender, self.snapshot, person=person, now=self.now)
        envelope = self._envelope(sender, to, f"{person.id}/k7qm2xvd")
        return self._keep(
            body, envelope, Source("submission", "587"), findings=verdict.findings, rejected_by=refused or verdict.refused
        )

    def arrive(self, body: bytes, *to: str, sender: str = "acme@paving.example", kind: str = "mx") -> bytes:
        """A stranger sends it, or another of the city's systems does."""
        return self._keep(body, self._envelope(sender, to, ""), Source(kind, "25"))

    def bring(self, body: bytes, custodian: str, folder: str = "Inbox", to: tuple[str, ...] = ()) -> bytes:
        """An import finds it."""
        self.now += 1000
        digest = hashlib.sha256(body).digest()
        where = Occurrence(custodian, folder, 0)
        id_ = capture_id(self.now, occurrence_bits(where, digest))
        envelope = Envelope("", tuple(Recipient(a) for a in to), self.now, protocol="import")
        made = capture_of(id_, scan(body), envelope, Source("import"))
        capture = replace(made, custodian=custodian, occurrence=where, basis="import")
        with closing(Writer(self.data, lambda: self.now)) as writer:
            writer.receipt(capture, body)
            writer.flush()
        return id_

    def happens(self, type_: Type, id_: bytes, *to: int, **facts: Any) -> None:
        """A later record about copies."""
        self.now += 1000
        with closing(Writer(self.data, lambda: self.now)) as writer:
            writer.event(Event(type_, id_, self.now, to, facts))
            writer.flush()

    def delivered(self, id_: bytes, *to: int) -> None:
        self.happens(Type.DELIVERED, id_, *to, reply="250 2.0.0 stored", **{"try": 1})

    def index(self) -> None:
        """Everything is searchable from now on."""
        with closing(IndexJob.take(self.data, bulk=True)) as job:
            job.catch_up(self.now)

    def _envelope(self, sender: str, to: tuple[str, ...], login: str) -> Envelope:
        self.now += 1000
        recipients = tuple(Recipient(a) for a in to)
        return Envelope(sender, recipients, self.now, client="192.0.2.7", helo="desk.example", login=login)

    def _keep(self, body: bytes, envelope: Envelope, source: Source, **more: Any) -> bytes:
        async def keep() -> bytes:
            commit = GroupCommit(Writer(self.data, lambda: self.now))
            try:
                receipt = await Pipeline(commit, people=lambda: self.snapshot).accept(body, envelope, source, **more)
            finally:
                await commit.close()
            return receipt.id

        return asyncio.run(keep())


def letter(*, to: str, sender: str, subject: str = "Lead lines", text: str = "Please look at this.", **fields: str) -> bytes:
    """A plain message; fields: more of the header, "_" for "-"."""
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Mon, 2 Mar 2026 12:00:00 +0000"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text, ""]).encode()
