"""From what is kept to what is indexed: a capture and its bytes become one document, whatever the bytes are."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
import tantivy

from civicmail.core.message import letter
from civicmail.core.message.shapes import Fields
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.fields import view
from civicmail.mail.search.schema import document

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Documented:
    """A document, the capture it is of and therefore the index it belongs to."""

    id: bytes
    class_: str
    received: int
    document: tantivy.Document


def document_of(capture: Capture, body: bytes, fields: Fields | None = None) -> Documented:
    """fields: when the caller has read the letter already."""
    try:
        found = fields or letter.fields(body)
        made = document(view(capture, found), capture, found)
    except Exception:  # one message must never stop the index; it is counted as unreadable and reported
        log.exception("index.unreadable", capture=capture.uuid)
        return without_body(capture)
    return Documented(capture.id, capture.class_, capture.received, made)


def without_body(capture: Capture) -> Documented:
    """A capture of which only the head can be read: found by envelope, time, size and identity, and counted as unreadable."""
    nothing = letter.fields(b"")
    made = document(view(capture, nothing), capture, nothing, unreadable=1)
    return Documented(capture.id, capture.class_, capture.received, made)
