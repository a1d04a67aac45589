"""Fingerprints that tell whether two messages are the same thing: digests of a message, never a word of it (P-31).

    reader = FingerprintReader(data, domains)
    fingerprint = reader.fingerprint(id_)        of an archived capture
    fingerprint.is_like(other)                   same text, near-duplicate, or a link to the same host from the same sender

Hostile messages are read in sandboxed processes (fingerprint_client.py), never in processes for pages or decisions. This module
reads bodies without a permit; only digests, link hosts and the author's address leave it.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.message.header_scan import content_hash
from civicmail.core.sandbox.errors import BUSY, Unreadable
from civicmail.mail.archive.machine import Machine
from civicmail.mail.pipeline import fingerprint_client
from civicmail.mail.screening import bands

log = get_logger()
IN_MEMORY = 10_000
MAX_HOSTS = 20
MAX_WORDS = 12
"""Words of a subject."""
MAX_TEXT = 1000
"""Characters of any other value that a sandboxed process returns."""
_DIGEST, _BAND = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """text: SHA-256 of the words, or of the whole if there are none or none can be read; bands: near-duplicate bands
    (screening/bands.py), empty for a short text; hosts: of links, without ours; author: address in From, lower case; subject:
    folded words."""

    text: str
    bands: tuple[str, ...] = ()
    hosts: frozenset[str] = field(default_factory=frozenset)
    author: str = ""
    subject: tuple[str, ...] = ()

    @classmethod
    def of_whole(cls, raw: bytes) -> Fingerprint:
        """Of a message without readable words: the same thing then means the same bytes, except transport headers. Pure."""
        return cls(hashlib.sha256(content_hash(raw)).hexdigest())

    @property
    def links(self) -> frozenset[str]:
        """Hosts with the author: a host alone says little."""
        return frozenset(f"{host} {self.author}" for host in self.hosts if self.author)

    def is_like(self, other: Fingerprint) -> bool:
        same = len(set(self.bands) & set(other.bands))
        return self.text == other.text or same >= bands.ALIKE or bool(self.links & other.links)

    def plain(self) -> dict[str, Any]:
        """For the pipe between two processes."""
        return {
            "text": self.text, "bands": self.bands, "hosts": sorted(self.hosts), "author": self.author, "subject": self.subject,
        }  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Fingerprint:
        """The inverse of plain(). Whatever a compromised process returns, the result is a few digests. Raises ValueError,
        KeyError, TypeError."""
        text, near = str(plain["text"]), tuple(str(band) for band in plain["bands"])
        if not _DIGEST.fullmatch(text) or len(near) > bands.BANDS or not all(map(_BAND.fullmatch, near)):
            raise ValueError("marks are digests")
        hosts = frozenset(clean_strings(plain["hosts"], MAX_HOSTS))
        return cls(text, near, hosts, clean(plain["author"]), clean_strings(plain["subject"], MAX_WORDS))


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What a report by mail is about. ids: Message-IDs of attached messages; links: our links in it, as (purpose, token); numbers:
    capture ids in it; subject, bands: of the quoted message; quotes: whether to search by these, because nothing is attached;
    marks: fingerprint of its contents, else of the report."""

    marks: Fingerprint
    ids: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    numbers: tuple[str, ...] = ()
    subject: str = ""
    bands: tuple[str, ...] = ()
    quotes: bool = False

    def plain(self) -> dict[str, Any]:
        return {
            "marks": self.marks.plain(), "ids": self.ids, "links": self.links, "numbers": self.numbers, "subject": self.subject,
            "bands": self.bands, "quotes": self.quotes,
        }  # fmt: skip

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> ReportContent:
        """As Fingerprint.from_plain."""
        links = tuple((clean(purpose), str(token)[:10_000]) for purpose, token in plain["links"][:MAX_HOSTS])
        ids, numbers = (clean_strings(plain[name], MAX_HOSTS) for name in ("ids", "numbers"))
        near = clean_strings(plain["bands"], bands.BANDS)
        return cls(
            Fingerprint.from_plain(plain["marks"]), ids, links, numbers, clean(plain["subject"]), near, bool(plain["quotes"])
        )


def clean(text: object) -> str:
    """Of a length, and with letters, that databases take."""
    return str(text)[:MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()


def clean_strings(texts: Collection[object], most: int) -> tuple[str, ...]:
    return tuple(clean(one) for one in list(texts)[:most])


class FingerprintReader:
    """Thread-safe, with a cache. domains: the city's, lower case, whose hosts do not count."""

    def __init__(self, data: Path, domains: Collection[str], seconds: float = fingerprint_client.SECONDS) -> None:
        self._machine = Machine(data)
        self._domains = tuple(domains)
        self._seconds = seconds
        self._known: OrderedDict[bytes, Fingerprint] = OrderedDict()
        self._lock = threading.Lock()

    def fingerprint(self, id_: bytes) -> Fingerprint:
        """A message that cannot be read in time has a fingerprint of its whole. Raises NotInArchive, DamagedFile, KeyMissing;
        LaterError when too busy."""
        with self._lock:
            cached = self._known.get(id_)
            if cached is not None:
                self._known.move_to_end(id_)
                return cached
        raw = self._read(id_)
        try:
            fingerprint_ = Fingerprint.from_plain(self._ask_reader("marks", raw))
        except _Unreadable as error:
            log.warning("a message has marks of its whole alone", capture=id_.hex(), why=str(error))
            fingerprint_ = Fingerprint.of_whole(raw)
        with self._lock:
            self._known[id_] = fingerprint_
            if len(self._known) > IN_MEMORY:
                self._known.popitem(last=False)
        return fingerprint_

    def report_content(self, id_: bytes) -> ReportContent | None:
        """The contents of a report by mail (user_reports.py); None if unreadable. Raises as `fingerprint` does."""
        raw = self._read(id_)
        try:
            return ReportContent.of(self._ask_reader("report", raw))
        except _Unreadable as error:
            log.warning("a report cannot be read", capture=id_.hex(), why=str(error))
            return None

    def _read(self, id_: bytes) -> bytes:
        with self._lock:
            self._machine.refresh()
            return self._machine.body(id_)

    def _ask_reader(self, what: str, raw: bytes) -> dict[str, Any]:
        """Raises LaterError."""
        try:
            return fingerprint_client.ask(what, raw, self._domains, self._seconds)
        except Unreadable as error:
            if error.why == BUSY:
                raise LaterError("Too much is being read at this moment. Please try again in a minute.") from None
            raise


_Unreadable = (Unreadable, TypeError, KeyError, ValueError)
"""The last three: a compromised process returned nonsense."""
