"""Fingerprints that show whether two messages are variants of the same message: digests, never a word of it (P-31).

    fingerprint_client.FingerprintReader(data, domains).fingerprint(id_)        of an archived capture
    fingerprint.is_like(other)                   same text, near-duplicate, or a link to the same host from the same sender

Hostile messages are read in sandboxed processes (fingerprint_reader.py), never in processes for pages or decisions. The types here
limit the content of a reply: digests and few words, with lengths and characters that databases accept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from civicmail.core.message.header_scan import content_hash
from civicmail.core.sandbox.service import Request, Service
from civicmail.mail.screening import bands, tokens

MAX_HOSTS = 20
MAX_WORDS = 12
"""Words of a subject."""
MAX_TEXT = 1000
"""Characters of any other value."""
MAX_TOKEN = 10_000
MAX_LIST = 255
MAX_WORD = 100
"""Characters of a token's text."""
Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=r"\A[^\0]*\Z")]
Texts = Annotated[tuple[Text, ...], Meta(max_length=MAX_HOSTS)]
Bands = Annotated[tuple[Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")], ...], Meta(max_length=bands.BANDS)]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """text: SHA-256 of the words, or of the whole if there are none or none can be read; bands: near-duplicate bands
    (screening/bands.py), empty for a short text; hosts: of links, without ours; author: address in From, lower case; subject:
    folded words."""

    text: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    bands: Bands = ()
    hosts: Annotated[frozenset[Text], Meta(max_length=MAX_HOSTS)] = field(default_factory=frozenset)
    author: Text = ""
    subject: Annotated[tuple[Text, ...], Meta(max_length=MAX_WORDS)] = ()

    @classmethod
    def of_whole(cls, raw: bytes) -> Fingerprint:
        """The fingerprint of a message without readable words: only equal bytes match, except transport headers. Pure."""
        return cls(hashlib.sha256(content_hash(raw)).hexdigest())

    @property
    def links(self) -> frozenset[str]:
        """Hosts with the author, because a host alone is weak evidence."""
        return frozenset(f"{host} {self.author}" for host in self.hosts if self.author)

    def is_like(self, other: Fingerprint) -> bool:
        same = len(set(self.bands) & set(other.bands))
        return self.text == other.text or same >= bands.ALIKE or bool(self.links & other.links)


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The content of a report by mail. ids: Message-IDs of attached messages; links: our links in it, as (purpose, token); numbers:
    capture ids in it; subject, bands: of the quoted message; quotes: whether to search by these, because nothing is attached;
    marks: fingerprint of its contents, else of the report."""

    marks: Fingerprint
    ids: Texts = ()
    links: Annotated[tuple[tuple[Text, Annotated[str, Meta(max_length=MAX_TOKEN)]], ...], Meta(max_length=MAX_HOSTS)] = ()
    numbers: Texts = ()
    subject: Text = ""
    bands: Bands = ()
    quotes: bool = False


@dataclass(frozen=True, slots=True)
class TokenNumbers:
    """The tokens of a message (tokens.pack), the bands of its text, and its list id."""

    counts: tuple[Annotated[int, Meta(ge=0, le=2 * tokens.FIRST)], ...]
    numbers: bytes
    bands: Bands
    list_id: Annotated[str, Meta(max_length=MAX_LIST)]


class ReadFingerprint(Request[Fingerprint], frozen=True):
    """domains: the city's, whose hosts do not count."""

    handler = "civicmail.mail.pipeline.fingerprint_reader:read_fingerprint"

    domains: tuple[str, ...] = ()


class ReadReport(Request[ReportContent], frozen=True):
    """Request the content of a report by mail. domains: as above."""

    handler = "civicmail.mail.pipeline.fingerprint_reader:read_report"

    domains: tuple[str, ...] = ()


class ReadTokens(Request[TokenNumbers], frozen=True):
    """Request the tokens that the learner needs."""

    handler = "civicmail.mail.pipeline.fingerprint_reader:read_tokens"

    def check(self, reply: TokenNumbers, size: int) -> None:
        is_counted = len(reply.counts) == len(tokens.FAMILIES) and not len(reply.numbers) % 4
        if not is_counted or len(reply.bands) not in (0, bands.BANDS):
            raise ValueError("tokens are of four bytes, and counted by family; a text has eight bands or none")


class SpellTokens(Request[dict[str, dict[int, Annotated[str, Meta(max_length=MAX_WORD)]]]], frozen=True):
    """Request the text of each token of a message, by family."""

    handler = "civicmail.mail.pipeline.fingerprint_reader:spell_tokens"

    def check(self, reply: dict[str, dict[int, str]], size: int) -> None:
        if set(reply) != set(tokens.FAMILIES):
            raise ValueError("tokens are of four families")


SERVICE = Service(__name__, (ReadFingerprint, ReadReport, ReadTokens, SpellTokens))


def clean(text: object) -> str:
    """A text with a length and characters that databases accept."""
    return str(text)[:MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()


def clean_strings(texts: Collection[object], most: int) -> tuple[str, ...]:
    return tuple(clean(one) for one in list(texts)[:most])
