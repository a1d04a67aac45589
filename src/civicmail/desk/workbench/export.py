"""An export: exact bytes of messages, a manifest, checksums, and proofs that each was kept (docs/formats.md, "Export").

messages/000001.eml …    the exact bytes, in order of receipt
messages.jsonl           a line for each: number, file, capture, SHA-256, size, time, and, if permitted, the envelope
heads.jsonl              a line for each, with proof only: the head of its receipt, byte for byte
proofs.jsonl             with proof only: that these heads are in the ledger, under one checkpoint
manifest.json            author, time, reason, examination, query, counts, completeness, and the SHA-256 of the lists
SHA256SUMS, README.txt   for `sha256sum -c`, and for the recipient

tools/verify_export.py verifies the export without Civicmail.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from civicmail.core.ledger.bulk_proofs import Proofs
from civicmail.desk.workbench.errors import NotProvedYet
from civicmail.desk.workbench.export_target import Parcel
from civicmail.mail.archive.records import Capture

VERSION = "civicmail export 1"
MESSAGES, HEADS, PROOFS, MANIFEST, SUMS, README = (
    "messages.jsonl",
    "heads.jsonl",
    "proofs.jsonl",
    "manifest.json",
    "SHA256SUMS",
    "README.txt",
)
_README = """\
{count} message{s} from the mail archive of {city}, made {made}.

messages/        each message, byte for byte as it was kept
messages.jsonl   what each file is: number, time of receipt, size, SHA-256
manifest.json    who made this, why, what was asked for, how many there are, and what could not be read
SHA256SUMS       checksums of all files: sha256sum -c SHA256SUMS
{proof}
To check everything without the city's software, with Python 3.11 and the library "cryptography":

    python verify_export.py THIS_FOLDER_OR_ZIP --key KEY --manifest SHA256

KEY is the city's public key and SHA256 the checksum of manifest.json. Have the city tell you both on another way than this one.
"""
_PROOF = """\
heads.jsonl      the record that was made when each message was received: the envelope, with everybody who got it
proofs.jsonl     that these records were in the city's ledger when it was signed
"""


@dataclass(frozen=True, slots=True)
class About:
    """Data of the manifest besides counts. at: ms since 1970; scope: of the examination, as plain values; entry: in the ledger."""

    city: str
    at: int
    person: str
    role: str
    reason: str
    query: str
    entry: str = ""
    mandate: str = ""
    ground: str = ""
    scope: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        requester = {"person": self.person, "duty": self.role, "reason": self.reason, "entry": self.entry}
        under = {"number": self.mandate, "ground": self.ground, "scope": self.scope} if self.mandate else None
        return {"city": self.city, "made": stamp(self.at), "by": requester, "mandate": under, "query": self.query}


@dataclass(frozen=True, slots=True)
class Message:
    """One capture with the head of its receipt and its bytes."""

    capture: Capture
    head: bytes
    body: bytes


class Export:
    """Messages are added one by one; finish() makes the rest. proof: with heads, envelopes and proofs."""

    def __init__(self, data: Path, parcel: Parcel, about: About, *, proof: bool = True) -> None:
        self.done = self.bytes = 0
        self.failed: list[dict[str, str]] = []
        self.manifest = ""
        self._parcel = parcel
        self._about = about
        self._proofs = Proofs(data) if proof else None
        names = (MESSAGES, HEADS) if proof else (MESSAGES,)
        self._lists = {name: _growing(parcel.work / name) for name in names}

    def add(self, message: Message) -> None:
        """Add the next message."""
        capture, n = message.capture, self.done + 1
        name = f"messages/{n:06}.eml"
        self._parcel.put(name, message.body)
        line: dict[str, Any] = {"n": n, "file": name, "id": capture.uuid, "sha256": capture.sha256.hex(), "size": capture.size}
        line |= {"received": stamp(capture.received), "basis": capture.basis}
        if self._proofs is not None:
            envelope = capture.envelope
            line |= {"from": envelope.sender, "to": [r.address for r in envelope.recipients]}
            self._lists[HEADS].write(message.head + b"\n")
            self._proofs.add(capture.journal, capture.number, message.head)
        self._lists[MESSAGES].write(orjson.dumps(line) + b"\n")
        self.done, self.bytes = n, self.bytes + len(message.body)

    def fail(self, id_: str, why: str) -> None:
        """Record a message that could not be read."""
        self.failed.append({"id": id_, "why": why})

    def mark(self) -> dict[str, Any]:
        """Make everything so far durable in the work folder; resume() continues here."""
        for h in self._lists.values():
            h.flush()
            os.fdatasync(h.fileno())
        lists = {name: h.tell() for name, h in self._lists.items()}
        return {"done": self.done, "bytes": self.bytes, "failed": self.failed, "lists": lists, "parcel": self._parcel.mark()}

    def resume(self, mark: dict[str, Any]) -> None:
        """Return to a mark; truncate what was written later."""
        self.done, self.bytes, self.failed = mark["done"], mark["bytes"], mark["failed"]
        for name, size in mark["lists"].items():
            self._lists[name].truncate(size)
            self._lists[name].seek(size)
        self._parcel.resume(mark["parcel"])
        if self._proofs is not None:
            with open(self._parcel.work / HEADS, "rb") as h:
                for line in h:
                    plain = orjson.loads(line)
                    self._proofs.add(plain["journal"], plain["number"], line.rstrip(b"\n"))

    def is_signed(self) -> bool:
        """Whether a checkpoint covers everything so far."""
        return self._proofs is None or self._proofs.signed() is not None

    def finish(self, found: int, coverage: dict[str, int]) -> None:
        """Prove, write the manifest, and close. found: number of hits. Raises NotProvedYet: then try again later."""
        for h in self._lists.values():
            h.flush()
        lists = list(self._lists)
        if self._proofs is not None:
            self._prove(self._proofs)
            lists.append(PROOFS)
        work = self._parcel.work
        counts = {"found": found, "messages": self.done, "failed": len(self.failed), "bytes": self.bytes}
        files = {name: _digest(work / name) for name in lists}
        plain = {"v": VERSION, **self._about.plain(), "counts": counts, "failed": self.failed, "coverage": coverage}
        plain |= {"proof": self._proofs is not None, "files": files}
        written = orjson.dumps(plain, option=orjson.OPT_INDENT_2)
        self.manifest = hashlib.sha256(written).hexdigest()
        readme = self._readme()
        own = {MANIFEST: self.manifest, README: hashlib.sha256(readme).hexdigest(), **files}
        _write(work / SUMS, (f"{digest}  {name}\n".encode() for name, digest in _sums(work / MESSAGES, own)))
        for name in (*lists, SUMS):
            self._parcel.take(name)
        self._parcel.put(README, readme)
        self._parcel.put(MANIFEST, written)
        self._parcel.finish()
        self.close()

    def close(self) -> None:
        """Close; without finish() the export can be resumed from its last mark."""
        for h in self._lists.values():
            h.close()
        self._parcel.close()

    def _prove(self, proofs: Proofs) -> None:
        signed = proofs.signed()
        if signed is None:
            raise NotProvedYet("The ledger has not signed all of it yet; that happens within seconds when it is asked for.")
        lines = (orjson.dumps(line) + b"\n" for line in proofs.lines(signed))
        _write(self._parcel.work / PROOFS, lines)

    def _readme(self) -> bytes:
        proof = _PROOF if self._proofs is not None else ""
        numbers = {"count": f"{self.done:,}", "s": "" if self.done == 1 else "s", "city": self._about.city}
        return _README.format(**numbers, made=stamp(self._about.at), proof=proof).encode()


def stamp(ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(max(0, min(ms, 253_402_300_799_999)) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _growing(path: Path) -> BinaryIO:
    return open(path, "ab", opener=_private)


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    with open(path, "wb", opener=_private) as h:
        h.writelines(chunks)


def _digest(path: Path) -> str:
    with open(path, "rb") as h:
        return hashlib.file_digest(h, "sha256").hexdigest()


def _sums(messages: Path, own: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(name, SHA-256) of every file but the list of sums."""
    yield from own.items()
    with open(messages, "rb") as h:
        for line in h:
            plain = orjson.loads(line)
            yield plain["file"], plain["sha256"]
