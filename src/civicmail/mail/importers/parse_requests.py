"""Parse requests and results that an import exchanges with parser processes, as plain values.

An import trusts a result only as far as it concerns the requested message.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any, get_args

from civicmail.core.message import header_scan
from civicmail.core.message.model import Envelope, Fields, Recipient
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Basis, Capture, Occurrence, Source
from civicmail.mail.importers import received_time
from civicmail.mail.importers.parser_pool import Reply
from civicmail.mail.search import message_reader
from civicmail.mail.search.attachments import ExtractLookup, File, unknown
from civicmail.mail.search.documents import text_of_read, text_without_body, with_files
from civicmail.mail.search.schema import is_document

MAX_MESSAGE_ID = 998  # RFC 5322 2.1.1; the field is only for finding
CLASS = "mail"
_SOURCE = Source("import")
_NOBODY = Envelope("", (), 0)

ParseRequest = tuple[bytes, bytes, int | None, Basis, int, tuple[str, ...], str, str, tuple[str, ...]]
"""SHA-256, occurrence bits, time that the mailbox or the mbox gives (ms) with its basis, time of the import (ms), recipients that a
journal report names, folder, custodian, labels."""

ParseResult = tuple[int, Basis, str, str, str]
"""Received (ms), its basis, content hash (hexadecimal), Message-ID, the document of the index."""


def is_plausible(ask: ParseRequest, answer: Any) -> bool:
    """Whether a result concerns the requested message; its content may still be wrong."""
    try:
        received, basis, content_hash, message_id, document = answer
        own = 0 <= received <= ask[4] and basis in get_args(Basis) and len(bytes.fromhex(content_hash)) == sha256().digest_size
        short = isinstance(message_id, str) and len(message_id) <= MAX_MESSAGE_ID
        return own and short and is_document(document, capture_id(received, ask[1]))
    except (TypeError, ValueError):
        return False


class FallbackParser:
    """Parses messages that no parser process could: one has died, or the message is too large. Also reads text of files, in
    processes of their own. Thread-safe. look: looks up the text of files (mail/search/attachments.py)."""

    def __init__(self, look: ExtractLookup = unknown) -> None:
        self._look = look

    def __call__(self, content: bytes, ask: ParseRequest) -> ParseResult:
        """Parse a message in a sandboxed process.

        A message that crashes every parser is archived with its envelope alone and counted as unreadable. Raises LaterError if no
        sandboxed process is available.
        """
        try:
            fields, files = message_reader.surely(content)
            whole = {sha256(file.content).digest(): file.content for file in (message_reader.files(content) if files else ())}
        except Unreadable:
            return _unread(content, ask)
        return parse_result(content, ask, fields, partial(text_of_read, fields=fields, files=files, look=self._looks(whole)))

    def complete(self, content: bytes, ask: ParseRequest, reply: Reply) -> ParseResult:
        """The result of a parser process, with the text of the files that it returned."""
        received, basis, content_hash, message_id, document = reply.answer
        digests = [sha256(file).digest() for file in reply.files]
        look = self._looks(dict(zip(digests, reply.files, strict=True)))
        document = with_files(_capture(content, ask, received), document, list(map(File, digests)), look)
        return received, basis, content_hash, message_id, document

    def _looks(self, whole: dict[bytes, bytes]) -> ExtractLookup:
        """whole: files by their SHA-256."""
        extracts = {digest: self._look(digest, file) for digest, file in whole.items()}
        return lambda digest, _: extracts.get(digest)


def parse_result(content: bytes, ask: ParseRequest, fields: Fields, text: Callable[[Capture], str]) -> ParseResult:
    """fields: of the parsed message; text: makes the index document of a capture."""
    digest, _, at, basis, now, *_ = ask
    received, basis = received_time.received(fields.received, at, basis, now)
    message_id = fields.message_id[:MAX_MESSAGE_ID].encode("utf-8", "replace").decode()
    document = text(_capture(content, ask, received))
    return received, basis, header_scan.content_hash(content, digest).hex(), message_id, document


def _unread(content: bytes, ask: ParseRequest) -> ParseResult:
    _, _, at, basis, now, *_ = ask
    received, basis = received_time.received(None, at, basis, now)
    document = text_without_body(_capture(content, ask, received))
    return received, basis, header_scan.content_hash(content).hex(), "", document


def _capture(content: bytes, ask: ParseRequest, received: int) -> Capture:
    """The part of the capture that the index uses."""
    digest, bits, _, _, _, recipients, folder, custodian, labels = ask
    return Capture(
        id=capture_id(received, bits),
        received=received,
        sha256=digest,
        size=len(content),
        content_hash=digest,
        source=_SOURCE,
        envelope=Envelope("", tuple([Recipient(a) for a in recipients]), received) if recipients else _NOBODY,
        class_=CLASS,
        custodian=custodian,
        occurrence=Occurrence("", folder, 0),
        labels=labels,
    )
