"""Messages of a request in the archive, for tests of what reviewers see."""

from __future__ import annotations

import uuid
from email.message import EmailMessage
from pathlib import Path

from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from mail.archive.making import UNSYNCED
from pages.cases import index

BODY = """Tariq, here is the lead line list for ward 6. Please check rows 40 to 58.

The owner at 1412 N Locust Street asked for a call back at 414-555-0142; her sister is on the ventilator list.

> On Monday you wrote
> that the list was late
> and nothing else
Thanks
"""


def letter(subject: str, body: str = BODY, *, file: tuple[str, str, bytes] | None = None) -> bytes:
    """A message. file: name, type, bytes."""
    message = EmailMessage()
    message["From"] = "Zoe Dufresne <zoe@city.example>"
    message["To"] = "Tariq Okonjole <tariq@city.example>"
    message["Subject"] = subject
    message["Date"] = "Thu, 12 Nov 2026 14:05:00 -0600"
    message["Message-ID"] = f"<{uuid.uuid5(uuid.NAMESPACE_URL, subject)}@city.example>"
    message.set_content(body)
    if file is not None:
        name, kind, data = file
        message.add_attachment(data, maintype=kind.partition("/")[0], subtype=kind.partition("/")[2], filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


def archived(data: Path, now: int, letters: list[bytes]) -> list[str]:
    """Archive and index messages; their capture ids. now: ms."""
    writer = Writer(data, lambda: now, UNSYNCED, 1 << 20)
    ids = []
    for n, body in enumerate(letters):
        envelope = Envelope("zoe@city.example", (Recipient("tariq@city.example"),), now - n * 1000, "192.0.2.7", "city.example")
        capture = capture_of(capture_id(now - n * 1000), scan(body), envelope, Source("submission", "submission"))
        writer.receipt(capture, body)
        ids.append(capture.uuid)
    writer.flush()
    writer.close()
    index(data, now)
    return ids
