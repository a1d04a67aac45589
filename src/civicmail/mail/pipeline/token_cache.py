"""Tokens of archived messages, by the learner's key; read again if not in memory."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Protocol
from uuid import UUID

from civicmail.city.policy.dispositions import Facts
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message.model import Envelope
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.archive.errors import KeyMissing, NotInArchive
from civicmail.mail.archive.records import Capture
from civicmail.mail.pipeline import fingerprint_client, training_files
from civicmail.mail.pipeline.labels import is_inbound
from civicmail.mail.screening import spam
from civicmail.mail.screening.duplicate_index import Keys
from civicmail.mail.screening.tokens import Tokens

IN_MEMORY = 2_000
"""Messages whose tokens stay in memory, about 10 KB each."""
NOBODY = Envelope("", (), 0)
UNREADABLE = (NotInArchive, DamagedFile, KeyMissing, Unreadable)
"""Why nothing can be learned from a message."""


class CaptureReader(Protocol):
    """Reads captures without a permit (mail/archive)."""

    def capture(self, id_: bytes) -> Capture: ...

    def body(self, id_: bytes) -> bytes: ...


class TokenCache:
    """Gives the learner tokens, which sandboxed processes read (fingerprint_client.py)."""

    def __init__(self, kept: CaptureReader, data: Path) -> None:
        self._kept, self._data = kept, data
        self._made: OrderedDict[str, Tokens] = OrderedDict()

    def __call__(self, key: str) -> Tokens | None:
        """The tokens of a message; None if it is no longer archived, or unreadable."""
        made = self._made.get(key)
        if made is None:
            try:
                return self.read(key)[0]
            except UNREADABLE:
                return None
        self._made.move_to_end(key)
        return made

    def read(self, key: str) -> tuple[Tokens, Keys]:
        """Tokens and bands. Raises what is in UNREADABLE."""
        raw, envelope, facts, inbound = self._opened(key)
        counted, near, list_id = fingerprint_client.numbers(raw)
        made = {**counted, **spam.hop_tokens(envelope, facts, list_id, inbound=inbound)}
        self._made[key] = made
        if len(self._made) > IN_MEMORY:
            self._made.popitem(last=False)
        return made, near

    def _opened(self, key: str) -> tuple[bytes, Envelope, Facts, bool]:
        if key.startswith(training_files.PREFIX):
            try:
                return training_files.content_of(self._data, key), NOBODY, {}, False
            except FileNotFoundError:
                raise NotInArchive(f"{key} is not taught any more.") from None
        id_ = UUID(key).bytes
        capture = self._kept.capture(id_)
        return self._kept.body(id_), capture.envelope, capture.facts, is_inbound(capture)


def scores_of(capture: Capture) -> dict[str, float]:
    """Scores of other filters when it arrived: {check: score}."""
    scores: dict[str, float] = {}
    for finding in capture.findings:
        if finding.check in spam.OTHERS and finding.code == "score":
            try:
                scores[finding.check] = float(finding.mask.split()[0])
            except (ValueError, IndexError):
                continue
    return scores
