"""The text and files of a message, as a page of the pick-up portal shows them. Pure; only sandboxed processes run it
(pickup_worker.py)."""

from __future__ import annotations

import json

from civicmail.core.message import message_parser

MAX_TEXT = 1 << 20
"""Characters of a text that the page shows; the whole message can be had as a file."""


def contents(message: bytes) -> bytes:
    """A line of JSON, as boxes.index() has it, and the bytes of all files, one after the other."""
    parsed = message_parser.parse(message)
    sender = parsed.from_[0] if parsed.from_ else None
    text = parsed.text or parsed.html_text
    index = {
        "subject": parsed.subject,
        "from": sender.addr if sender else "",
        "name": sender.display if sender else "",
        "message_id": parsed.message_id,
        "text": text[:MAX_TEXT],
        "cut": len(text) > MAX_TEXT,
        "files": [{"name": part.filename, "type": part.content_type, "size": part.size} for part in parsed.attachments],
    }
    return b"".join((json.dumps(index).encode(), b"\n", *(part.content for part in parsed.attachments)))
