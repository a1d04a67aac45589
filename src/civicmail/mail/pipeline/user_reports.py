"""Reports that people send by mail: to a report address, with the unwanted messages attached (P-02). Pure.

Such a report equals one from a message's page: by the signed-in person, about mail to the address they write from, within a
person's daily limit. Mail from strangers to that address is ordinary mail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from civicmail.core.message import header_scan
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.archive.records import Capture

_QUOTES = re.compile(r"(?m)^(?:> ?)+")
_HEADER = re.compile(r"(?mi)^\*?(?:from|sent|date|to|cc|subject|de|enviado|fecha|para|asunto)\*?:[^\n]*\n")
_FORWARD = re.compile(r"(?i)^(?:\s*(?:fwd?|wg|rv|reenv)\s*:\s*)+")
_LINK = re.compile(r"/(report|l)/([A-Za-z0-9_-]{40,8192})")
_FOR = {"report": "report", "l": "link"}
PURPOSES = frozenset(_FOR.values())
_NUMBER = re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")

MAX_MESSAGES = 20
"""Attached messages of one report that count."""
BYTES = 10 << 20
"""A larger report is not read."""


def addresses(names: Collection[str], domains: Collection[str]) -> frozenset[str]:
    """The report addresses. names: local parts (settings.screening.reports); domains: the city's, lower case."""
    return frozenset(f"{name.lower()}@{domain}" for name in names for domain in domains)


def is_report(capture: Capture, to: Collection[str]) -> bool:
    """Whether a person of the city sent the message to a report address."""
    if capture.source.kind != "submission" or not capture.envelope.login or capture.size > BYTES:
        return False
    return any(recipient.address.lower() in to for recipient in capture.envelope.recipients)


def attached_ids(message: ParsedMessage) -> tuple[str, ...]:
    """Message-IDs of attached messages, including .eml files, without duplicates."""
    return tuple(dict.fromkeys(id_ for id_ in _ids(message) if id_))[:MAX_MESSAGES]


def our_links(message: ParsedMessage) -> tuple[tuple[str, str], ...]:
    """Our links in a quoted delivered copy: (purpose, token), purpose being "report" or "link". Link scanners may have wrapped
    them."""
    texts = (message.text, message.html_text, *(link.url for link in message.links))
    pairs = ((_FOR[way], token) for text in texts for way, token in _LINK.findall(unquote(unquote(text))))
    return tuple(dict.fromkeys(pairs))[:MAX_MESSAGES]


def forwarded(message: ParsedMessage) -> tuple[str, str, tuple[str, ...]]:
    """Subject and text of a quoted message, and the capture ids in it (our marks have them). The text begins after the last quoted
    header line, or at the top."""
    text = _QUOTES.sub("", message.text or message.html_text)
    begins = [match.end() for match in _HEADER.finditer(text)]
    subject = _FORWARD.sub("", message.subject).strip()
    return (
        subject,
        text[begins[-1] if begins else 0 :].strip(),
        tuple(dict.fromkeys(n.lower() for n in _NUMBER.findall(text)))[:MAX_MESSAGES],
    )


def was_received_by(capture: Capture, reporter: str) -> bool:
    """Whether a message was received by the address that reports it."""
    return any(reporter.lower() in (r.address.lower(), r.box.lower()) for r in capture.envelope.recipients)


def _ids(message: ParsedMessage) -> Iterator[str]:
    for child in message.children:
        yield child.message_id
    for part in message.attachments:
        if part.filename.lower().endswith(".eml") and part.content_type != "message/rfc822":
            yield (header_scan.first(part.content, "message-id") or b"").decode("utf-8", "replace").strip()
