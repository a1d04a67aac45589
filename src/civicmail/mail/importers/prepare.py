"""What the bytes of a message say, for its record and for the index, from one parse. Pure, and made to run in a parser process:
what goes in and comes out are plain values."""

from __future__ import annotations

from civicmail.core.message import headers, letter
from civicmail.core.message.shapes import Envelope, Recipient
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Basis, Capture, Occurrence, Source
from civicmail.mail.importers import times
from civicmail.mail.search.attached import Look, not_yet
from civicmail.mail.search.documents import text_of, text_without_body

MESSAGE_ID_MOST = 998  # RFC 5322 2.1.1; the field is only for finding
CLASS = "mail"
_SOURCE = Source("import")
_NOBODY = Envelope("", (), 0)

Ask = tuple[bytes, bytes, int | None, Basis, int, tuple[str, ...], str]
"""SHA-256, occurrence bits, time that the mailbox or the mbox gives (ms) with its basis, time of the import (ms), recipients that a
journal report names, folder."""

Answer = tuple[int, Basis, bytes, str, str]
"""Received (ms), its basis, content hash, Message-ID, the document of the index."""


class Preparer:
    """Of one import: custodian as in the captures that it makes; look: what files say (mail/search/attached.py)."""

    def __init__(self, custodian: str, look: Look = not_yet) -> None:
        self._custodian = custodian
        self._look = look

    def __call__(self, content: bytes, ask: Ask) -> Answer:
        digest, _, at, basis, now, _, _ = ask
        fields = letter.fields(content)
        received, basis = times.received(fields.received, at, basis, now)
        message_id = fields.message_id[:MESSAGE_ID_MOST].encode("utf-8", "replace").decode()
        document = text_of(self._capture(content, ask, received), content, fields, self._look)
        return received, basis, headers.content_hash(content, digest), message_id, document

    def unread(self, content: bytes, ask: Ask) -> Answer:
        """For a message that a parser process died on: it is kept all the same, and counted as unreadable."""
        _, _, at, basis, now, _, _ = ask
        received, basis = times.received(None, at, basis, now)
        document = text_without_body(self._capture(content, ask, received))
        return received, basis, headers.content_hash(content), "", document

    def _capture(self, content: bytes, ask: Ask, received: int) -> Capture:
        """As much of the capture as the index looks at."""
        digest, bits, _, _, _, recipients, folder = ask
        return Capture(
            id=capture_id(received, bits),
            received=received,
            sha256=digest,
            size=len(content),
            content_hash=digest,
            source=_SOURCE,
            envelope=Envelope("", tuple([Recipient(a) for a in recipients]), received) if recipients else _NOBODY,
            class_=CLASS,
            custodian=self._custodian,
            occurrence=Occurrence("", folder, 0),
        )
