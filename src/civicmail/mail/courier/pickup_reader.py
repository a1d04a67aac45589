"""The text and files of a message, as a page of the pick-up portal shows them. Pure; only sandboxed processes run it."""

from __future__ import annotations

from civicmail.core.message import message_parser
from civicmail.mail.courier.pickup_client import BoxIndex, Contents, ReadContents

MAX_TEXT = 1 << 20
"""Characters of a text that the page shows; the whole message can be had as a file."""


def contents(message: bytes, _request: ReadContents) -> Contents:
    """The index of a box, and the bytes of its files."""
    parsed = message_parser.parse(message)
    sender = parsed.from_[0] if parsed.from_ else None
    text = parsed.text or parsed.html_text
    index: BoxIndex = {
        "subject": parsed.subject,
        "from": sender.addr if sender else "",
        "name": sender.display if sender else "",
        "message_id": parsed.message_id,
        "text": text[:MAX_TEXT],
        "cut": len(text) > MAX_TEXT,
        "files": [{"name": part.filename, "type": part.content_type, "size": part.size} for part in parsed.attachments],
    }
    return index, [part.content for part in parsed.attachments]
