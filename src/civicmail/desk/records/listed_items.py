"""What a search notes of a capture that it lists: its message and its files, never their text (P-21)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, TOO_LARGE, TOO_LONG, TOO_MUCH_MEMORY, TYPE_UNKNOWN
from civicmail.core.config.errors import LaterError
from civicmail.core.message import header_scan, message_parser
from civicmail.core.sandbox.errors import BUSY, CRASHED, Unreadable
from civicmail.desk.records import content_keys
from civicmail.desk.records.near_duplicates import Features, features
from civicmail.desk.workbench.export import Message
from civicmail.mail.archive.mailbox_evidence import sent_by
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import extract_cache, message_reader
from civicmail.mail.search.fields import thread
from civicmail.mail.search.message_requests import Printed
from civicmail.mail.search.search import Hit

TROUBLES: dict[str, str] = {
    "encrypted": "encrypted, or with a password",
    "pictures": "pictures without text",
    "too-large": "too large to read completely",
    "unknown": "of a type that is not read",
    "damaged": "damaged",
    "waiting": "not read yet",
    "unreadable": "not read completely",
}
"""Why something could not be searched -> words."""
PROGRESS: dict[str, str] = {
    "reading": "to be read again",
    "read": "was read again; search again to see what it gave",
    "asked": "the password was asked for",
}
"""What was done about it -> words."""
_BY_REASON = {
    ENCRYPTED: "encrypted",
    TYPE_UNKNOWN: "unknown",
    DAMAGED: "damaged",
    CRASHED: "damaged",
    TOO_LARGE: "too-large",
    TOO_LONG: "too-large",
    TOO_MUCH_MEMORY: "too-large",
}


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A message or one of its files, as models.Item has it."""

    part: str
    content: str
    media_type: str
    size: int
    trouble: str


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """id: of the capture, as UUID text; received: epoch ms; parts: the message first, then its files in order."""

    id: str
    received: int
    parts: tuple[ListedPart, ...]
    mih: str
    thread: str
    holders: tuple[str, ...]
    features: Features


class ItemReader:
    """Reads the facts of messages. domains: of the city."""

    def __init__(self, data: Path, domains: Iterable[str]) -> None:
        self._data = data
        self._key = content_keys.key_of(data)
        self._extracts = extract_cache.Extracts(data)
        self._domains = frozenset(domains)

    def read(self, message: Message, *, is_hit: bool) -> ListedMessage:
        """The facts of a message that the gate has opened. is_hit: else it is one that could not be searched. Raises LaterError
        while too much is being read."""
        capture, body = message.capture, message.body
        header = message_parser.fields(body[: header_scan.header_length(body)])
        printed, trouble = _printed(body)
        files = [
            ListedPart(file.part, self._key_of(file.digest), file.type[:100], file.size, self._trouble(file.digest))
            for file in printed.attachments
        ]
        if not trouble and not is_hit and not any(file.trouble for file in files):
            trouble = "unreadable"  # a part of the message itself
        own = ListedPart("", self._key_of(capture.content_hash), "message/rfc822", capture.size, trouble)
        return ListedMessage(
            capture.uuid,
            capture.received,
            (own, *files),
            content_keys.message_key(header.message_id),
            thread(header)[:64],
            self._holders(capture),
            features(printed.text),
        )

    def lost(self, hit: Hit) -> ListedMessage:
        """A message whose bytes cannot be read now: a person has to see to it."""
        own = ListedPart("", self._key_of(bytes.fromhex(hit.sha256)), "message/rfc822", hit.size, "damaged")
        return ListedMessage(hit.id, hit.received, (own,), "", "", (), Features((), frozenset()))

    def _key_of(self, digest: bytes) -> str:
        return content_keys.content_key(self._key, digest)

    def _trouble(self, digest: bytes) -> str:
        known = self._extracts.get(digest)
        if known is None:
            return ""
        if known.pictures:
            return "pictures"
        reasons = [why for _, why in known.unreadable]
        return next((_BY_REASON[why] for why in reasons if why in _BY_REASON), "unreadable" if reasons else "")

    def _holders(self, capture: Capture) -> tuple[str, ...]:
        """Mailboxes of the city that had this copy."""
        boxes: dict[str, None] = dict.fromkeys(filter(None, [sent_by(capture)]))
        for recipient in capture.envelope.recipients:
            address = (recipient.box or recipient.address).lower()
            if address.rpartition("@")[2] in self._domains:
                boxes[address] = None
        if capture.custodian:
            boxes[capture.custodian] = None
        return tuple(boxes)


def _printed(body: bytes, read: Callable[[bytes], Printed] = message_reader.printed) -> tuple[Printed, str]:
    """The message as read, and its trouble. A message that crashes its reader is one that nobody could search."""
    try:
        return read(body), ""
    except Unreadable as error:
        if error.why == BUSY:
            raise LaterError("Too much is being read at this moment.") from None
        return Printed(), "damaged"
