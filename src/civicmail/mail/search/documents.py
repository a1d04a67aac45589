"""From what is kept to what is indexed: a capture and its bytes become one document, whatever the bytes are."""

from __future__ import annotations

from typing import NamedTuple

from civicmail.core.config.log import get_logger
from civicmail.core.message import letter
from civicmail.core.message.shapes import Fields
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.attached import NOTHING, Look, Said, not_yet, what_they_say
from civicmail.mail.search.fields import view
from civicmail.mail.search.schema import document

log = get_logger()


class Documented(NamedTuple):
    """A document as the index takes it (schema.document), the capture it is of and therefore the index it belongs to. size: bytes
    of the message."""

    id: bytes
    class_: str
    received: int
    size: int
    document: str

    @property
    def weight(self) -> int:
        """Bytes of memory that the document takes, about."""
        return len(self.document) + 500


def document_of(capture: Capture, body: bytes, fields: Fields | None = None, look: Look = not_yet) -> Documented:
    """fields: when the caller has read the letter already. look: gives what a file says, or None where it was not read yet."""
    return of_text(capture, text_of(capture, body, fields, look))


def text_of(capture: Capture, body: bytes, fields: Fields | None = None, look: Look = not_yet) -> str:
    """The document as text, for who makes it in another process than the one that indexes."""
    try:
        found = fields or letter.fields(body)
        said = what_they_say(found, look) if found.attachments else NOTHING
        return document(view(capture, found, said), capture, found, said)
    except Exception:  # one message must never stop the index; it is counted as unreadable and reported
        log.exception("index.unreadable", capture=capture.uuid)
        return text_without_body(capture)


def of_text(capture: Capture, made: str) -> Documented:
    """made: what text_of() gave for this capture."""
    return Documented(capture.id, capture.class_, capture.received, capture.size, made)


def without_body(capture: Capture) -> Documented:
    """A capture of which only the head can be read: found by envelope, time, size and identity, and counted as unreadable."""
    return of_text(capture, text_without_body(capture))


def text_without_body(capture: Capture) -> str:
    nothing = letter.fields(b"")
    return document(view(capture, nothing, Said(unreadable=1)), capture, nothing)
