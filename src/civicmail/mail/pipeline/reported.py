"""What people report by mail: a message to an address for it, with the unwanted ones attached (P-02). Pure.

It is a report like that on the page of a message: of whoever signed in, about mail that came to the address they write from, with
the limit of what one person may teach. What a stranger sends there is mail and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from civicmail.core.message import headers
from civicmail.core.message import letter as letters
from civicmail.core.message.shapes import Letter
from civicmail.mail.archive.records import Capture

MOST = 20
"""Attached messages of one report that count."""
BYTES = 10 << 20
"""A larger report is not read."""


def addresses(names: Collection[str], domains: Collection[str]) -> frozenset[str]:
    """Where reports go. names: local parts (settings.screening.reports); domains: of the city, lower case."""
    return frozenset(f"{name.lower()}@{domain}" for name in names for domain in domains)


def is_report(capture: Capture, to: Collection[str]) -> bool:
    """Whether somebody of the city sent it to an address for reports."""
    if capture.source.kind != "submission" or not capture.envelope.login or capture.size > BYTES:
        return False
    return any(recipient.address.lower() in to for recipient in capture.envelope.recipients)


def attached(raw: bytes) -> tuple[str, ...]:
    """The Message-IDs of the messages that are attached, also as files whose name says so, each once."""
    return tuple(dict.fromkeys(id_ for id_ in _ids(letters.read(raw)) if id_))[:MOST]


def was_theirs(capture: Capture, reporter: str) -> bool:
    """Whether a message came to the address from which it is reported."""
    return any(reporter.lower() in (r.address.lower(), r.box.lower()) for r in capture.envelope.recipients)


def _ids(letter: Letter) -> Iterator[str]:
    for child in letter.children:
        yield child.message_id
    for part in letter.attachments:
        if part.filename.lower().endswith(".eml") and part.content_type != "message/rfc822":
            yield (headers.first(part.content, "message-id") or b"").decode("utf-8", "replace").strip()
