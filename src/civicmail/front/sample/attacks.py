"""Mail that the sample city's rules stop or mark, for the demo's quarantine and rules.

The messages pass the real pipeline with screening and the rules in force.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from io import BytesIO

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.front.sample.archived_mail import Letterbox
from civicmail.front.sample.people import DOMAIN

PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(48) + b"This program cannot be run in DOS mode."
FORM = b"<html><form action='https://login.example.net/'>Password <input type=password></form></html>"


def keep(box: Letterbox, snapshot: Snapshot, first: Sequence[str], now: int) -> None:
    """Archive them. first: addresses that get some of it; the others are taken as they come. now: ms."""
    at = now - 3 * 86_400_000
    boxes = sorted((b.id, b.name) for b in snapshot.mailboxes.values() if b.state == "open" and b.kind == "personal")
    others = [address for address, _ in boxes[:: max(1, len(boxes) // 9)] if address not in first]
    to, boss = [*first, *others][:9], boxes[-1][1]
    for n, message in enumerate(_messages(boss)):
        at += 7 * 3_600_000 + n * 60_000
        for address in to[n % 3 :: 3][:2]:
            message.replace_header("To", address)
            message.replace_header("Date", format_datetime(datetime.fromtimestamp(at // 1000, UTC) - timedelta(seconds=9)))
            box.keep_message(message, message["From"].addresses[0].addr_spec, [address], at)


def pretended(boss: str, at: datetime) -> list[tuple[str, bytes]]:
    """The same messages as bytes, with whom their envelopes name."""
    mails = []
    for message in _messages(boss):
        message.replace_header("Date", format_datetime(at))
        mails.append((message["From"].addresses[0].addr_spec, message.as_bytes()))
    return mails


def _messages(boss: str) -> Iterator[EmailMessage]:
    yield _one(f"{boss} <mayor@{DOMAIN}>", "Urgent wire transfer", "Please pay the attached invoice before noon and tell nobody.")
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("invoice.pdf.exe", PROGRAM)
    message = _one("Billing <billing@supplies.example>", "Invoice 88-1204", "The invoice is in the archive.")
    message.add_attachment(archive.getvalue(), maintype="application", subtype="zip", filename="invoice.zip")
    yield message
    message = _one("Help Desk <desk@clty.example>", "Your mailbox is full", f"Sign in at https://mail.{DOMAIN}/ to get more room.")
    message.add_alternative(
        f"<p>Your mailbox is full. <a href='https://mail.{DOMAIN}.sign-in.example.net/'>https://mail.{DOMAIN}/</a></p>",
        subtype="html",
    )
    yield message
    message = _one("Parcel Desk <track@parcels.example>", "Your parcel waits", "Open the form to choose a time.")
    message.add_attachment(FORM, maintype="text", subtype="html", filename="parcel.html")
    yield message
    yield _one(f"{boss} <office.of.the.mayor@webmail.example>", "Are you at your desk?", "I need a favor. Answer to this address.")


def _one(author: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"], message["Date"] = (
        author,
        f"clerk@{DOMAIN}",
        subject,
        "Thu, 1 Jan 1970 00:00:00 +0000",
    )
    message.set_content(text)
    return message
