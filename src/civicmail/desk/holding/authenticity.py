"""Is this really from the city? What anybody may hear of a number or a pasted message, without a word of what is kept (P-26, P-27).

    of_number(text)             -> the number in it, or None
    of_message_id(text)         -> the Message-ID that it is, or ""
    Asking(record, keys, …).message(raw)     what can be told of a message by its bytes

Three proofs, the strongest first: its bytes are those that left (SHA-256 in the `delivered` record of the number that our Received
line gives); a DKIM signature of one of our domains holds under one of our keys; nothing. Nothing is looked up that the message, or
whoever asks, does not name. Pure but for `record`. Knows no Django.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.courier.dkimkeys import Key
from civicmail.mail.screening import dkim, signatures
from civicmail.mail.screening.domains import is_within
from civicmail.mail.screening.resolver import NOTHING, Answer

Verdict = Literal["exact", "sent", "signed", "changed", "pretends", "unknown"]
"""exact: these bytes left the city; sent: a message with this number did; signed: our signature holds; changed: one with the number
left, and this is not it; pretends: it says that it is from us, and nothing proves it; unknown: nothing is known."""
OWN_SOURCES = frozenset({"submission", "relay", "local"})
MAX_TRACE_LINES = 80
"""Lines of a header behind which what left may begin."""
_AUTHORED_FIELDS = frozenset(
    (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"subject", b"date", b"message-id", b"in-reply-to", b"references",
     b"comments", b"keywords", b"mime-version")
)  # fmt: skip
_NUMBER = re.compile(r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F-])")
_MESSAGE_ID = re.compile(r"(?:message-id\s*:\s*)?<?([^\s<>@]{1,200}@[^\s<>@]{1,255})>?", re.IGNORECASE)
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_DKIM_SECONDS = 5.0

ReadRecord = Callable[[bytes], tuple[Capture, Sequence[Event]] | None]
"""Head and events of a capture; None where nothing is kept under the id."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is said of a message. at: when we received it to send it, ms; 0 where that is not told."""

    what: Verdict
    at: int = 0


class OwnKeys:
    """Asked like the DNS, it answers for our own keys alone, also for those that sign no more."""

    def __init__(self, keys: Collection[Key]) -> None:
        self._records = {key.name: key.record for key in keys}

    async def ask(self, name: str, kind: str) -> Answer:
        record = self._records.get(name.lower())
        return Answer((record,)) if record is not None and kind == "TXT" else NOTHING


def parse_number(text: str) -> bytes | None:
    """The id that a short text names, and nothing but it."""
    numbers = _NUMBER.findall(text)
    return uuid.UUID(numbers[0]).bytes if len(numbers) == 1 and len(text.strip()) <= 200 and "\n" not in text.strip() else None


def parse_message_id(text: str) -> str:
    """The Message-ID (RFC 5322 3.6.4) that a short text is, and nothing but it: mail programs show it above what was sent."""
    match = _MESSAGE_ID.fullmatch(text.strip()) if len(text) <= 600 else None
    return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class AuthenticityCheck:
    """domains: of the city, lower case; host: in our Received lines."""

    record: ReadRecord
    keys: Collection[Key]
    domains: Collection[str]
    host: str

    def check_number(self, id_: bytes) -> CheckResult:
        """Of mail that came in nothing is told, and not that it is kept."""
        recorded = self.record(id_)
        return (
            CheckResult("sent", recorded[0].received)
            if recorded is not None and _was_sent_outside(*recorded)
            else CheckResult("unknown")
        )

    def check_any(self, ids: Iterable[bytes]) -> CheckResult:
        """Of the first of these that the city sent."""
        results = (self.check_number(id_) for id_ in ids)
        return next((result for result in results if result.what == "sent"), CheckResult("unknown"))

    def check_message(self, text: bytes, now: int) -> CheckResult:
        """text: as it was pasted, with any line ends; now: ms."""
        raw = _LINE_ENDS.sub(b"\r\n", text.lstrip(b"\r\n\t ")).rstrip(b"\r\n") + b"\r\n"
        sent_records = [
            recorded for id_ in self._numbers(raw) if (recorded := self.record(id_)) is not None and _was_sent_outside(*recorded)
        ]
        for capture, events in sent_records:
            if _delivered_hashes(events) & set(_candidate_hashes(raw)):
                return CheckResult("exact", capture.received)
        if self._is_signed(raw, now):
            return CheckResult("signed")
        if sent_records:
            return CheckResult("changed", sent_records[0][0].received)
        return CheckResult("pretends" if self._claims_city(raw) else "unknown")

    def _numbers(self, raw: bytes) -> list[bytes]:
        """From Received lines that say our host wrote them: a few, in the order of the message."""
        head = raw[: raw.find(b"\r\n\r\n")].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
        lines = (line for line in head.decode("latin-1").split("\r\n") if line.lower().startswith("received:"))
        ours = [line for line in lines if f"by {self.host} " in f"{line} "]
        return [uuid.UUID(number).bytes for line in ours[:5] for number in _NUMBER.findall(line)[:1]]

    def _is_signed(self, raw: bytes, now: int) -> bool:
        """Whether one of our signatures holds that speaks for the domain of From."""
        header = signatures.read(raw)
        own_signatures = [s for s in header.signatures if any(is_within(s.domain, city_domain) for city_domain in self.domains)]
        if not own_signatures or len(header.from_) != 1:
            return False
        verdicts = asyncio.run(dkim.verify(OwnKeys(self.keys), own_signatures, now // 1000, seconds=_DKIM_SECONDS))
        return any(v.result == "pass" and v.aligned and is_within(header.from_[0], v.signature.domain) for v in verdicts)

    def _claims_city(self, raw: bytes) -> bool:
        return any(is_within(domain, city_domain) for domain in signatures.read(raw).from_ for city_domain in self.domains)


def _was_sent_outside(capture: Capture, events: Sequence[Event]) -> bool:
    """Whether somebody of the city, or the system itself, sent it to somebody outside, and it went."""
    return capture.source.kind in OWN_SOURCES and any(e.type == Type.DELIVERED for e in events)


def _delivered_hashes(events: Sequence[Event]) -> set[str]:
    return {str(e.facts["sha256"]) for e in events if e.type == Type.DELIVERED and "sha256" in e.facts}


def _candidate_hashes(raw: bytes) -> Iterator[str]:
    """Of the message, and of it without the first lines, as far as servers on the way have put them in front."""
    start = 0
    for _ in range(MAX_TRACE_LINES):
        yield hashlib.sha256(raw[start:]).hexdigest()
        end = raw.find(b"\r\n", start)
        if end < 0 or raw[end : end + 4] == b"\r\n\r\n" or _is_authored(raw[start:end]):
            return
        start = end + 2


def _is_authored(line: bytes) -> bool:
    """Whether a line says something that a reader takes for the sender's words. No server on the way writes those, and programs
    show the first of several: whoever has one message of the city's could put their own words in front of it."""
    name = line.partition(b":")[0].rstrip().lower()  # what continues a field begins with a blank
    return name in _AUTHORED_FIELDS or name.startswith(b"content-")
