"""The requests about a message that sandboxed processes answer for the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from civicmail.city.policy.dispositions import UNAVAILABLE
from civicmail.core.message.model import Envelope
from civicmail.core.sandbox.service import Count, Request, Service
from civicmail.mail.screening.shapes import ExtractedMessage

if TYPE_CHECKING:  # the sandboxed process has no settings
    from civicmail.core.config.settings import Settings

MAX_RECIPIENTS = 100
MAX_PICTURES, PICTURE_BYTES = 40, 128 << 20
"""Of one message, that are given out for OCR."""
_FACTS = ("message.", "from.", "files.", "links.", "phishing.", "confidential.", UNAVAILABLE)
"""Prefixes of facts about the bytes. The process has no say about other facts, such as the listener or a proof of the sender."""
_OF_OTHERS = frozenset({"message.outside", "message.recipients"})
_PROOFS = frozenset({"spf", "dkim", "arc", "dmarc", "clamav", "edge", "sender", "policy", "screening"})
"""Checks that do not run in that process: it must not report findings of theirs."""


class ReadMessage(Request[ExtractedMessage], frozen=True):
    """Read a message and run the content checks.

    checks: names from settings.screening.checks that are on; domains: the city's; protected: names that others may not imitate;
    source: kind of listener; inbound: from outside, without sign-in; sender, recipients: of the envelope, lower case, at most
    MAX_RECIPIENTS; size: bytes of the whole message (ContentCase.raw may be only its beginning); public: numbers that are nobody's
    secret; web_services, companies: what the city adds to our lists; lists: whether values for exact data matching are wanted;
    scanned: (part, text, reason) of pictures that OCR has read.
    """

    handler = "civicmail.mail.screening.message_reader:read"
    reply_free = 16 << 20

    checks: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    source: str = ""
    inbound: bool = False
    sender: str = ""
    recipients: tuple[str, ...] = ()
    size: int = 0
    public: tuple[str, ...] = ()
    web_services: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    lists: bool = False
    scanned: tuple[tuple[str, str, str], ...] = ()

    def check(self, reply: ExtractedMessage, size: int) -> None:
        if any(finding.check in _PROOFS and finding.code != UNAVAILABLE for finding in reply.findings):
            raise ValueError("that was not looked for there")
        if not all(name.startswith(_FACTS) and name not in _OF_OTHERS for name in reply.facts):
            raise ValueError("that was not asked for")


class OcrPicture(NamedTuple):
    """digest: SHA-256 of the picture as it is in the message, hexadecimal; content: what OCR is given."""

    part: str
    digest: str
    content: bytes


class ReadPictures(Request[tuple[list[OcrPicture], Count]], frozen=True):
    """The pictures of a message that may show words, and how many more there are."""

    handler = "civicmail.mail.screening.confidential.ocr_pictures:read"
    reply_ratio, reply_free = 0, 2 * PICTURE_BYTES

    def check(self, reply: tuple[list[OcrPicture], int], size: int) -> None:
        if len(reply[0]) > MAX_PICTURES:
            raise ValueError("more pictures than are given out")


SERVICE = Service(__name__, (ReadMessage, ReadPictures))


def request_of(settings: Settings, envelope: Envelope, source: str, *, inbound: bool, size: int) -> ReadMessage:
    screening = settings.screening
    return ReadMessage(
        checks=tuple(screening.checks),
        domains=tuple([domain.lower() for domain in settings.city.domains]),
        protected=tuple([name.lower() for name in screening.protected]),
        source=source,
        inbound=inbound,
        sender=envelope.sender.lower(),
        recipients=tuple([recipient.address.lower() for recipient in envelope.recipients[:MAX_RECIPIENTS]]),
        size=size,
        public=tuple(screening.public),
        web_services=tuple(screening.web_services),
        companies=tuple(screening.companies),
    )
