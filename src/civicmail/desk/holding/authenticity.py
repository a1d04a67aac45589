"""Check whether a message is really from the city, without revealing anything else about the archive (P-26, P-27).

    parse_number(text)          the number in the text, or None
    parse_message_id(text)      the Message-ID, or ""
    AuthenticityCheck(record, keys, …).check_message(raw)

Three proofs, the strongest first: the bytes are those that were delivered (SHA-256 of the `delivered` record of the number in our
Received line); a DKIM signature of one of our domains verifies under one of our keys; none. Only numbers and ids that the message
or the person names are looked up. Without Django; pure except for `record`.
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
"""Header lines that later servers may have added before the sent message."""
_AUTHORED_FIELDS = frozenset(
    (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"subject", b"date", b"message-id", b"in-reply-to", b"references",
     b"comments", b"keywords", b"mime-version")
)  # fmt: skip
_NUMBER = re.compile(r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F-])")
_MESSAGE_ID = re.compile(r"(?:message-id\s*:\s*)?<?([^\s<>@]{1,200}@[^\s<>@]{1,255})>?", re.IGNORECASE)
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_DKIM_SECONDS = 5.0

ReadRecord = Callable[[bytes], tuple[Capture, Sequence[Event]] | None]
"""Capture and events of an id; None if nothing is archived under it."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer about a message. at: ms when we received it to send it; 0 if not given."""

    what: Verdict
    at: int = 0


class OwnKeys:
    """A resolver with our own keys only, including retired ones."""

    def __init__(self, keys: Collection[Key]) -> None:
        self._records = {key.name: key.record for key in keys}

    async def ask(self, name: str, kind: str) -> Answer:
        record = self._records.get(name.lower())
        return Answer((record,)) if record is not None and kind == "TXT" else NOTHING


def parse_number(text: str) -> bytes | None:
    """The id in a short text that has nothing else."""
    numbers = _NUMBER.findall(text)
    return uuid.UUID(numbers[0]).bytes if len(numbers) == 1 and len(text.strip()) <= 200 and "\n" not in text.strip() else None


def parse_message_id(text: str) -> str:
    """The Message-ID (RFC 5322 3.6.4) in a short text that has nothing else; mail programs show it for a sent message."""
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
        """Check a number. Incoming mail is "unknown", so that the answer does not reveal that it is archived."""
        recorded = self.record(id_)
        return (
            CheckResult("sent", recorded[0].received)
            if recorded is not None and _was_sent_outside(*recorded)
            else CheckResult("unknown")
        )

    def check_any(self, ids: Iterable[bytes]) -> CheckResult:
        """The first of these that the city sent."""
        results = (self.check_number(id_) for id_ in ids)
        return next((result for result in results if result.what == "sent"), CheckResult("unknown"))

    def check_message(self, text: bytes, now: int) -> CheckResult:
        """text: as pasted, with any line ends; now: ms."""
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
        """Numbers in Received lines that claim to be our host's: at most five, in order."""
        head = raw[: raw.find(b"\r\n\r\n")].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
        lines = (line for line in head.decode("latin-1").split("\r\n") if line.lower().startswith("received:"))
        ours = [line for line in lines if f"by {self.host} " in f"{line} "]
        return [uuid.UUID(number).bytes for line in ours[:5] for number in _NUMBER.findall(line)[:1]]

    def _is_signed(self, raw: bytes, now: int) -> bool:
        """Whether one of our signatures for the domain of From verifies."""
        header = signatures.read(raw)
        own_signatures = [s for s in header.signatures if any(is_within(s.domain, city_domain) for city_domain in self.domains)]
        if not own_signatures or len(header.from_) != 1:
            return False
        verdicts = asyncio.run(dkim.verify(OwnKeys(self.keys), own_signatures, now // 1000, seconds=_DKIM_SECONDS))
        return any(v.result == "pass" and v.aligned and is_within(header.from_[0], v.signature.domain) for v in verdicts)

    def _claims_city(self, raw: bytes) -> bool:
        return any(is_within(domain, city_domain) for domain in signatures.read(raw).from_ for city_domain in self.domains)


def _was_sent_outside(capture: Capture, events: Sequence[Event]) -> bool:
    """Whether the city sent it to an outside recipient, and it was delivered."""
    return capture.source.kind in OWN_SOURCES and any(e.type == Type.DELIVERED for e in events)


def _delivered_hashes(events: Sequence[Event]) -> set[str]:
    return {str(e.facts["sha256"]) for e in events if e.type == Type.DELIVERED and "sha256" in e.facts}


def _candidate_hashes(raw: bytes) -> Iterator[str]:
    """Hashes of the message, and of it without the first lines that later servers may have added."""
    start = 0
    for _ in range(MAX_TRACE_LINES):
        yield hashlib.sha256(raw[start:]).hexdigest()
        end = raw.find(b"\r\n", start)
        if end < 0 or raw[end : end + 4] == b"\r\n\r\n" or _is_authored(raw[start:end]):
            return
        start = end + 2


def _is_authored(line: bytes) -> bool:
    """Whether a reader takes the line for the sender's words. Servers never add such a line, and mail programs show the first of
    several, so that an attacker could put their own words above a message of the city."""
    name = line.partition(b":")[0].rstrip().lower()  # what continues a field begins with a blank
    return name in _AUTHORED_FIELDS or name.startswith(b"content-")
