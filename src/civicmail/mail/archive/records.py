"""The record types of the archive and their heads (docs/formats.md, "Heads").

A head is canonical JSON: UTF-8, keys sorted, no white space, whole numbers only. It is the evidence: its SHA-256 with a 0x00 in
front is the leaf in the ledger, and it is copied byte for byte into the segment. It is never encoded again.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

import orjson

from civicmail.city.policy.dispositions import Disposition, Facts, Finding, plain_facts, read_facts
from civicmail.core.ledger.heads import canonical
from civicmail.core.message.model import Envelope, Recipient

VERSION = 1
EDGE = "edge"
"""The check of findings that are the verdicts of a server before us."""
REFUSED = "refused"
"""The class of mail that was rejected on arrival and delivered to nobody; its recipients do not make it a record."""
ASIDE = "quarantine"
"""The class of what strangers sent and rules have put aside for everybody, as long as no copy of it went (classes.py)."""
MAIL = "mail"


class Type(IntEnum):
    """The type of a record. Numbers never change; new ones are added at the end."""

    RECEIPT = 1
    ATTEMPT = 2
    DELIVERED = 3
    DEFERRED = 4
    FAILED = 5
    HELD = 6
    RELEASED = 7
    CANCELLED = 8
    ENTRY = 9
    CHECKPOINT = 10
    HOLD = 11
    HOLD_END = 12
    CLASS = 13
    SCHEDULE = 14
    DISPOSED = 15
    LINKED = 16
    ONWARD = 17
    DECIDED = 18
    LABELLED = 19
    PULLED = 20


Basis = Literal["clock", "journal", "received", "mailbox", "mbox", "import"]


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a message. kind: mx | submission | relay | lmtp | journal | import | local; eol: the line-ending rule that was
    applied ("exact" if the bytes are unchanged, "normalised N" if N bare line ends were repaired, "rebuilt KIND" if the message was
    built from the properties of an item in a file of that kind: pst, msg, tnef)."""

    kind: str
    name: str = ""
    eol: str = "exact"


@dataclass(frozen=True, slots=True)
class Report:
    """The journal report that contained a message, archived bit for bit: the bytes before the message, the body, the bytes after
    it.

    style: exchange, google, or fields for a copy without a report, with its recipients in header fields; sha256: of the whole
    report, empty if there was none. sender, to: the envelope of the report itself. recipients: as the report names them: a, how
    (to, cc, bcc, recipient), and if stated expanded (groups) and forwarded.
    """

    style: str
    sender: str
    to: tuple[str, ...]
    recipients: tuple[dict[str, Any], ...]
    sha256: bytes = b""
    before: bytes = b""
    after: bytes = b""

    def whole(self, body: bytes) -> bytes:
        """The report. body: of the capture."""
        return self.before + body + self.after

    def plain(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "style": self.style,
            "from": self.sender,
            "to": list(self.to),
            "recipients": list(self.recipients),
        }
        if self.sha256:
            result["sha256"] = self.sha256.hex()
            result["before"] = base64.b64encode(self.before).decode()
            result["after"] = base64.b64encode(self.after).decode()
        return result

    @classmethod
    def from_plain(cls, r: dict[str, Any]) -> Report:
        before, after = base64.b64decode(r.get("before", "")), base64.b64decode(r.get("after", ""))
        sha256 = bytes.fromhex(r.get("sha256", ""))
        return cls(r["style"], r["from"], tuple(r["to"]), tuple(r["recipients"]), sha256, before, after)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The occurrence of an imported message: its place, by which a second import recognizes it (*known*). Without Maildir flags and
    file names."""

    owner: str  # custodian or archive name
    folder: str
    ordinal: int  # of equal bytes in that folder, from 0


@dataclass(frozen=True, slots=True)
class Capture:
    """One receipt of a message: the content of the head of a receipt record.

    received: ms since 1970 UTC; class_: retention class; once: key of our own mail that must not be sent twice; properties: of the
    item that the bytes were built from. labels, flags: of an imported message, besides its folder. facts: rule facts of the message
    that differ from the defaults.
    """

    id: bytes
    received: int
    sha256: bytes
    size: int
    content_hash: bytes
    source: Source
    envelope: Envelope
    dispositions: tuple[Disposition, ...] = ()
    findings: tuple[Finding, ...] = ()
    basis: Basis = "clock"
    class_: str = "mail"
    custodian: str = ""
    occurrence: Occurrence | None = None
    message_id: str = ""
    once: str = ""
    report: Report | None = None
    properties: dict[str, Any] | None = None
    labels: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    facts: Facts = field(default_factory=dict)
    journal: str = ""
    number: int = 0

    @property
    def uuid(self) -> str:
        return uuid_text(self.id)

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy for the record without a report: its own header names the recipients."""
        return self.report is not None and not self.report.sha256

    @property
    def month(self) -> str:
        """Month of receipt, "YYYY-MM" in UTC."""
        return month_of(self.received)

    def head(self, journal: str, number: int) -> bytes:
        """The head of this receipt at its place in a journal."""
        e = self.envelope
        plain: dict[str, Any] = {
            "v": VERSION,
            "type": "receipt",
            "journal": journal,
            "number": number,
            "id": self.uuid,
            "received": self.received,
            "basis": self.basis,
            "sha256": self.sha256.hex(),
            "size": self.size,
            "content": self.content_hash.hex(),
            "class": self.class_,
            "source": {"kind": self.source.kind, "name": self.source.name, "eol": self.source.eol},
            "envelope": {
                "from": e.sender,
                "to": [_recipient(r) for r in e.recipients],
                "client": e.client,
                "helo": e.helo,
                "protocol": e.protocol,
                "tls": e.tls,
                "login": e.login,
                "params": e.params,
            },
            "dispositions": [d.plain() for d in self.dispositions],
            "findings": [f.plain() for f in self.findings],
        }
        if self.message_id:
            plain["message_id"] = self.message_id
        if self.custodian:
            plain["custodian"] = self.custodian
        if self.occurrence:
            o = self.occurrence
            plain["occurrence"] = {"owner": o.owner, "folder": o.folder, "ordinal": o.ordinal}
        if self.once:
            plain["once"] = self.once
        if self.report:
            plain["report"] = self.report.plain()
        if self.properties is not None:
            plain["properties"] = self.properties
        if self.labels:
            plain["labels"] = list(self.labels)
        if self.flags:
            plain["flags"] = list(self.flags)
        if self.facts:
            plain["facts"] = plain_facts(self.facts)
        return canonical(plain)

    @classmethod
    def from_head(cls, head: bytes | memoryview) -> Capture:
        """Read a receipt head back."""
        h = orjson.loads(head)
        e = h["envelope"]
        o = h.get("occurrence")
        envelope = Envelope(
            e["from"],
            tuple(_read_recipient(r) for r in e["to"]),
            h["received"],
            e["client"],
            e["helo"],
            e["protocol"],
            e["tls"],
            e["login"],
            e["params"],
        )
        return cls(
            id=uuid.UUID(h["id"]).bytes,
            received=h["received"],
            sha256=bytes.fromhex(h["sha256"]),
            size=h["size"],
            content_hash=bytes.fromhex(h["content"]),
            source=Source(h["source"]["kind"], h["source"]["name"], h["source"]["eol"]),
            envelope=envelope,
            dispositions=tuple(map(Disposition.from_plain, h["dispositions"])),
            findings=tuple(Finding(**f) for f in h["findings"]),
            basis=h["basis"],
            class_=h["class"],
            custodian=h.get("custodian", ""),
            occurrence=Occurrence(o["owner"], o["folder"], o["ordinal"]) if o else None,
            message_id=h.get("message_id", ""),
            once=h.get("once", ""),
            report=Report.from_plain(h["report"]) if "report" in h else None,
            properties=h.get("properties"),
            labels=tuple(h.get("labels", ())),
            flags=tuple(h.get("flags", ())),
            facts=read_facts(h.get("facts", {})),
            journal=h["journal"],
            number=h["number"],
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a capture, or (type ENTRY) an act of a person that must leave a trace. to: recipient indices."""

    type: Type
    id: bytes
    at: int
    to: tuple[int, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)  # text, whole numbers, lists and dicts of them
    journal: str = ""
    number: int = 0

    @property
    def uuid(self) -> str:
        return uuid_text(self.id)

    def head(self, journal: str, number: int) -> bytes:
        return canonical(
            {
                "v": VERSION,
                "type": self.type.name.lower(),
                "journal": journal,
                "number": number,
                "id": self.uuid,
                "at": self.at,
                "to": list(self.to),
                "facts": self.facts,
            }
        )

    @classmethod
    def from_head(cls, head: bytes | memoryview) -> Event:
        h = orjson.loads(head)
        return cls(
            Type[h["type"].upper()], uuid.UUID(h["id"]).bytes, h["at"], tuple(h["to"]), h["facts"], h["journal"], h["number"]
        )


def uuid_text(id_: bytes) -> str:
    """The usual spelling of 16 bytes (RFC 9562 4); uuid.UUID is ten times slower."""
    h = id_.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def month_of(ms: int) -> str:
    """Month of a time in ms since 1970, "YYYY-MM" in UTC."""
    year, month, _ = civil(ms // 86_400_000)
    return f"{year:04d}-{month:02d}"


def civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted from 1970-01-01 (proleptic Gregorian): datetime ends at the year 1 and at 9999."""
    era, doe = divmod(days + 719_468, 146_097)
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) // 5 + 1


def _read_recipient(r: dict[str, Any]) -> Recipient:
    return Recipient(r["a"], r.get("notify", ""), r.get("orcpt", ""), r.get("box", ""), tuple(r.get("expanded", ())))


def _recipient(r: Recipient) -> dict[str, Any]:
    plain: dict[str, Any] = {"a": r.address}
    if r.notify:
        plain["notify"] = r.notify
    if r.orcpt:
        plain["orcpt"] = r.orcpt
    if r.box:
        plain["box"] = r.box
    if r.expanded:
        plain["expanded"] = list(r.expanded)
    return plain
