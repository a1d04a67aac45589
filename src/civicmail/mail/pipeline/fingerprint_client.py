"""Read fingerprints and tokens of messages in sandboxed processes, which start when first needed (core/sandbox/pool.py).

FingerprintReader reads bodies without a permit; only digests, link hosts and the author's address leave it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.sandbox.errors import BUSY, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.core.sandbox.service import Request
from civicmail.mail.archive.machine import Machine
from civicmail.mail.pipeline.fingerprints import (
    SERVICE,
    Fingerprint,
    ReadFingerprint,
    ReadReport,
    ReadTokens,
    ReportContent,
    SpellTokens,
)
from civicmail.mail.screening import tokens
from civicmail.mail.screening.duplicate_index import Keys, keys_of

log = get_logger()
SECONDS = 10.0
"""Processor time for one message; forty megabytes of HTML take six."""
MAX_READ = 40 << 20
"""Bytes of a message that are read; of a larger one the beginning."""
IN_MEMORY = 10_000


def pool() -> Pool:
    """The pool of this process."""
    return shared(SERVICE)


def ask[Reply](request: Request[Reply], raw: bytes, seconds: float = SECONDS) -> Reply:
    """Raises Unreadable."""
    return pool().request(request, raw[:MAX_READ], seconds=seconds)


def numbers(raw: bytes) -> tuple[dict[str, tokens.Ids], Keys, str]:
    """The tokens of a message, the bands of its text, and its list id. Raises Unreadable."""
    reply = ask(ReadTokens(), raw)
    counted = tokens.unpack({"counts": list(reply.counts), "numbers": reply.numbers})
    return counted, keys_of(list(reply.bands)), reply.list_id


def spelt(raw: bytes) -> Mapping[str, Mapping[int, str]]:
    """The text of each token of a message, by family. Raises Unreadable."""
    return ask(SpellTokens(), raw)


class FingerprintReader:
    """Thread-safe, with a cache. domains: the city's, lower case, whose hosts do not count."""

    def __init__(self, data: Path, domains: Collection[str], seconds: float = SECONDS) -> None:
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
            fingerprint_ = self._ask_reader(ReadFingerprint(self._domains), raw)
        except Unreadable as error:
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
            return self._ask_reader(ReadReport(self._domains), raw)
        except Unreadable as error:
            log.warning("a report cannot be read", capture=id_.hex(), why=str(error))
            return None

    def _read(self, id_: bytes) -> bytes:
        with self._lock:
            self._machine.refresh()
            return self._machine.body(id_)

    def _ask_reader[Reply](self, request: Request[Reply], raw: bytes) -> Reply:
        """Raises Unreadable, LaterError."""
        try:
            return ask(request, raw, self._seconds)
        except Unreadable as error:
            if error.why == BUSY:
                raise LaterError("Too much is being read at this moment. Please try again in a minute.") from None
            raise
