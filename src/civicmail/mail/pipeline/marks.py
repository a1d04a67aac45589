"""What makes two messages the same thing: digests of what a message says, never a word of it (P-31).

    marking = Marking(data)
    marks = marking.of(id_)                      of a capture that is kept
    marks.is_like(other)                         the same text, nearly the same, or a link to the same host from the same sender

This module has a machine's door to bodies: only digests, hosts of links and the author's address come out of it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from civicmail.core.message import letter as letters
from civicmail.core.message import links
from civicmail.core.message.headers import content_hash
from civicmail.core.message.shapes import Letter
from civicmail.core.query.fold import fold
from civicmail.mail.archive.machine import Machine
from civicmail.mail.screening import bands, everylink, tokens

IN_MEMORY = 10_000
HOSTS_MOST = 20


@dataclass(frozen=True, slots=True)
class Marks:
    """text: SHA-256 of the words, of the whole where there are none; bands: of nearly the same text (screening/bands.py), empty for
    a short one; hosts: that links lead to, none of ours; author: address in From, lower case; subject: folded words."""

    text: str
    bands: tuple[str, ...] = ()
    hosts: frozenset[str] = field(default_factory=frozenset)
    author: str = ""
    subject: tuple[str, ...] = ()

    @property
    def links(self) -> frozenset[str]:
        """A host alone says little; together with the sender it says that this is theirs."""
        return frozenset(f"{host} {self.author}" for host in self.hosts if self.author)

    def is_like(self, other: Marks) -> bool:
        same = len(set(self.bands) & set(other.bands))
        return self.text == other.text or same >= bands.ALIKE or bool(self.links & other.links)


def marks_of(raw: bytes, domains: Collection[str] = ()) -> Marks:
    """Of the bytes of a message. domains: of the city, whose hosts say nothing. Pure."""
    return of_letter(letters.read(raw), content_hash(raw), domains)


def of_letter(letter: Letter, whole: bytes, domains: Collection[str] = ()) -> Marks:
    """whole: digest for a message without words."""
    words = " ".join(tokens.text_of(letter).split())
    text = hashlib.sha256(words.encode("utf-8", "replace") if words else whole).hexdigest()
    author = letter.from_[0].addr.lower().replace("\0", "") if letter.from_ else ""
    near = tuple(bands.of(tokens.text_of(letter)))
    return Marks(text, near, frozenset(_hosts(letter, domains)), author, tuple(fold(letter.subject).split())[:12])


def _hosts(letter: Letter, domains: Collection[str]) -> Iterable[str]:
    found = dict.fromkeys(links.real(link.url).host for link in everylink.every(letter))
    outside = [host for host in found if host and "@" not in host and not _is_ours(host, domains)]
    return outside[:HOSTS_MOST]


def _is_ours(host: str, domains: Collection[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


class Marking:
    """One thread at a time; what was read is remembered."""

    def __init__(self, data: Path, domains: Collection[str]) -> None:
        self._machine = Machine(data)
        self._domains = tuple(domains)
        self._known: OrderedDict[bytes, Marks] = OrderedDict()

    def of(self, id_: bytes) -> Marks:
        """Raises NotInArchive, DamagedFile, KeyMissing."""
        found = self._known.get(id_)
        if found is None:
            self._machine.refresh()
            found = self._known[id_] = marks_of(self._machine.body(id_), self._domains)
            if len(self._known) > IN_MEMORY:
                self._known.popitem(last=False)
        self._known.move_to_end(id_)
        return found

    def read(self, id_: bytes) -> bytes:
        """The bytes of a report that came by mail, for what is in it (reported.py). Raises as `of` does."""
        self._machine.refresh()
        return self._machine.body(id_)
