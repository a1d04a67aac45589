"""From what is kept to what is indexed: a capture and its bytes become one document, whatever the bytes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tantivy

from civicmail.core.config.log import get_logger
from civicmail.core.message import letter
from civicmail.core.message.shapes import Fields
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.attached import NOTHING, Look, Said, not_yet, what_they_say
from civicmail.mail.search.fields import view
from civicmail.mail.search.schema import document, plain

log = get_logger()


@dataclass(frozen=True, slots=True)
class Documented:
    """A document, the capture it is of and therefore the index it belongs to. size: bytes of the message; weight: bytes of memory
    that the document takes, about."""

    id: bytes
    class_: str
    received: int
    size: int
    document: tantivy.Document
    weight: int


def document_of(capture: Capture, body: bytes, fields: Fields | None = None, look: Look = not_yet) -> Documented:
    """fields: when the caller has read the letter already. look: gives what a file says, or None where it was not read yet."""
    return of_plain(capture, plain_of(capture, body, fields, look))


def plain_of(capture: Capture, body: bytes, fields: Fields | None = None, look: Look = not_yet) -> dict[str, Any]:
    """The document as plain values, for who makes it in another process than the one that indexes."""
    try:
        found = fields or letter.fields(body)
        said = what_they_say(found, look) if found.attachments else NOTHING
        return plain(view(capture, found, said), capture, found, waiting=said.waiting)
    except Exception:  # one message must never stop the index; it is counted as unreadable and reported
        log.exception("index.unreadable", capture=capture.uuid)
        return plain_without_body(capture)


def of_plain(capture: Capture, made: dict[str, Any]) -> Documented:
    """made: what plain_of() gave for this capture."""
    try:
        ready = document(made)
    except Exception:  # as above: text that no index takes
        log.exception("index.unreadable", capture=capture.uuid)
        ready = document(plain_without_body(capture))
    weight = len(made.get("body", "")) + len(made.get("attachment", "")) + 1000
    return Documented(capture.id, capture.class_, capture.received, capture.size, ready, weight)


def without_body(capture: Capture) -> Documented:
    """A capture of which only the head can be read: found by envelope, time, size and identity, and counted as unreadable."""
    return of_plain(capture, plain_without_body(capture))


def plain_without_body(capture: Capture) -> dict[str, Any]:
    nothing = letter.fields(b"")
    return plain(view(capture, nothing, Said(unreadable=1)), capture, nothing)
