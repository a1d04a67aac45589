"""Write sample mail of earlier days into the archive, screened by the rules in force."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from civicmail.city.directory.modes import Modes
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.load import load
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.sample.attachments import File
from civicmail.front.sample.people import DOMAIN
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.containment import AnomalyMonitor
from civicmail.mail.pipeline.errors import TempFail
from civicmail.mail.pipeline.evaluator import Evaluator

DOOR = "sample"


class Letter(NamedTuple):
    """author: the From address; sender: the return path; login: uid of the signed-in person, "" for external mail."""

    author: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    files: tuple[File, ...] = ()
    login: str = ""


class Letterbox:
    """One writer with all checks. now: epoch ms; kept: number of messages. Use in a `with`."""

    def __init__(self, data: Path, snapshot: Snapshot, now: int) -> None:
        self.kept = 0
        self._data, self._snapshot, self._now, self._at = data, snapshot, now, now
        self._runner = asyncio.Runner()

    def __enter__(self) -> Letterbox:
        self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._close())
        self._runner.close()

    async def _open(self) -> None:
        settings, writer = load(self._data), Writer(self._data, lambda: self._now)
        self._judging = Evaluator(settings, self._data, lambda: self._at, patient=True)
        self._commit = GroupCommit(writer)
        held = AnomalyMonitor(settings, self._data, lambda: self._at, lambda: self._snapshot, lambda: writer.journal.name)
        self._pipeline = Pipeline(self._commit, Modes(settings, self._data).of, lambda: self._snapshot, self._judging, held)

    async def _close(self) -> None:
        self._judging.close()
        await self._commit.close()

    def keep(self, letter: Letter, at: int) -> bytes | None:
        """Archive a message. Returns its capture id, or None if DNS was unavailable and the client would retry. at: epoch ms."""
        return self.keep_message(written(letter, at), letter.sender, letter.to, at, letter.login)

    def keep_message(self, message: EmailMessage, sender: str, to: Iterable[str], at: int, login: str = "") -> bytes | None:
        """The same of a message that is written already."""
        self._at = at
        recipients = tuple(Recipient(address) for address in to)
        helo = f"desk.{DOMAIN}" if login else f"mx.{sender.rpartition('@')[2]}"
        client = "192.0.2.20" if login else "203.0.113.9"
        envelope = Envelope(sender, recipients, at, client=client, helo=helo, protocol="esmtp", login=login)
        source = Source("submission" if login else "mx", DOOR)
        try:
            receipt = self._runner.run(self._pipeline.accept(message.as_bytes(), envelope, source))
        except TempFail:
            return None
        self.kept += 1
        return receipt.id


def written(letter: Letter, at: int) -> EmailMessage:
    """The message, dated some seconds before its receipt."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = letter.author, ", ".join(letter.to[:6]), letter.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(at // 1000, UTC) - timedelta(seconds=9))
    name = sha256("\0".join((letter.sender, *letter.to, letter.subject)).encode()).hexdigest()[:16]
    message["Message-ID"] = f"<{at:x}.{name}@{letter.sender.rpartition('@')[2]}>"
    message.set_content(letter.text)
    for file in letter.files:
        main, _, sub = file.content_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return message
