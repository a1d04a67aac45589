"""Make the index document of a capture and its bytes, whatever the bytes are.

The bytes are hostile, so they are read in a sandboxed process (message_reader.py). A message that crashes its reader twice is
skipped: it stays archived, is listed, can be searched by its envelope, and counts as unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.message.model import Fields
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import message_reader
from civicmail.mail.search.attachments import (
    NOTHING,
    AttachmentText,
    Extract,
    ExtractLookup,
    File,
    attachment_text,
    text_of_files,
    unknown,
)
from civicmail.mail.search.errors import IndexFailed
from civicmail.mail.search.fields import view
from civicmail.mail.search.message_requests import EMPTY
from civicmail.mail.search.schema import document, with_attachment_text

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


def document_of(capture: Capture, body: bytes, fields: Fields | None = None, look: ExtractLookup = unknown) -> Documented:
    """The index document of a capture. fields: when the caller has already read the message. look: gives the text of a file, or
    None where it was not read yet; for a message that is read here it is called without content. Raises IndexFailed where no
    process can read anything."""
    if fields is not None:
        return of_text(capture, text_of(capture, fields, look))
    try:
        parsed, files = message_reader.surely(body)
    except Unreadable as error:
        log.error("index.unreadable", capture=capture.uuid, problem=error.why)
        return without_body(capture)
    except LaterError as error:
        raise IndexFailed(f"No message can be read for the index: {error}") from None
    return of_text(capture, text_of_read(capture, parsed, files, look))


def text_of(capture: Capture, fields: Fields, look: ExtractLookup = unknown) -> str:
    """The document as text, for callers in another process than the indexer."""
    return _made(capture, fields, partial(attachment_text, fields, look))


def text_of_read(capture: Capture, fields: Fields, files: Sequence[File], look: ExtractLookup = unknown) -> str:
    """The same for a message that a sandboxed process has read, as message_reader gives it. look: is called without content."""
    return _made(capture, fields, partial(text_of_files, files, look))


def text_without_files(capture: Capture, fields: Fields) -> str:
    """The document without the text of the message's files, for with_files()."""
    return text_of(capture, fields, lambda _digest, _content: Extract())


def with_files(capture: Capture, made: str, files: Sequence[File], look: ExtractLookup) -> str:
    """The document of text_without_files(), with the text of the message's files."""
    try:
        return with_attachment_text(made, text_of_files(files, look))
    except Exception:  # as in _made(); who made it may have been taken over, and given numbers that none can be added to
        log.exception("index.unreadable", capture=capture.uuid)
        return text_without_body(capture)


def _made(capture: Capture, fields: Fields, read_attachments: Callable[[], AttachmentText]) -> str:
    try:
        attachment_text = read_attachments() if fields.attachments else NOTHING
        return document(view(capture, fields, attachment_text), capture, fields, attachment_text)
    except Exception:  # one message must never stop the index; it is counted as unreadable and reported
        log.exception("index.unreadable", capture=capture.uuid)
        return text_without_body(capture)


def of_text(capture: Capture, made: str) -> Documented:
    """made: what text_of() gave for this capture."""
    return Documented(capture.id, capture.class_, capture.received, capture.size, made)


def without_body(capture: Capture) -> Documented:
    """The document of a capture with a readable head only: searchable by envelope, time, size and identity, and counted as
    unreadable."""
    return of_text(capture, text_without_body(capture))


def text_without_body(capture: Capture) -> str:
    return document(view(capture, EMPTY, AttachmentText(unreadable=1)), capture, EMPTY)
