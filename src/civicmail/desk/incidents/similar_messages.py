"""Messages similar to a reported one: a query for candidates, digests that confirm them, and their copies.

Knows no Django. Pure, except for the functions it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from civicmail.city.policy import rule_keys
from civicmail.core.query.errors import QueryError
from civicmail.core.query.fold import exact, fold
from civicmail.core.query.scopes import NOTHING, RECEIVED
from civicmail.core.query.tree import And, Digits, Everything, Near, Not, Or, Range, Token, Tree, Words
from civicmail.mail.archive.envelopes import MessageTrace
from civicmail.mail.pipeline.fingerprints import Fingerprint
from civicmail.mail.screening import bands

MAX_CANDIDATES = 2_000
"""Captures that are looked at; where more may be it, the query has to say which."""
SPREAD_DAYS = 30
NARROWING_FIELDS = frozenset({"from", "subject", "messageid", "filename", "filetype", "received", "date", "size", "attachments"})
"""Fields that may narrow a removal. Content needs an examination: nobody learns it by counting (P-16)."""
_ON_THE_WAY = frozenset({"waiting", "trying", "deferred"})


@dataclass(frozen=True, slots=True)
class Likeness:
    """The marks of a case: digests of texts, bands, and "host author" of links; subjects: folded words of each known one."""

    texts: frozenset[str]
    bands: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    subjects: frozenset[tuple[str, ...]] = field(default_factory=frozenset)

    def fits(self, marks: Fingerprint) -> bool:
        near = len(self.bands & set(marks.bands)) >= bands.ALIKE
        return marks.text in self.texts or near or bool(self.links & marks.links)

    def tree(self, since: int) -> Tree:
        """A query for candidates: same author, same subject, or a linked host in the text. since: ms."""
        hosts = {tuple(fold(link.partition(" ")[0]).split()) for link in self.links}
        parts: list[Tree] = [Token(field_, exact(a)) for a in sorted(self.authors) for field_ in ("from", "mailfrom")]
        parts += [Words("subject", words) for words in sorted(self.subjects) if words]
        parts += [Words("body", host) for host in sorted(hosts) if host]
        return And((RECEIVED, Range("received", since), Or(tuple(parts)))) if parts else NOTHING


def narrowed(tree: Tree) -> Tree:
    """The tree of an officer's words, if it only uses permitted fields. Raises QueryError for words about content."""
    for name in _fields(tree):
        if name not in NARROWING_FIELDS:
            raise QueryError(
                0, f"A pull is narrowed by {', '.join(sorted(NARROWING_FIELDS - {'received'}))}; what mail says takes a mandate."
            )
    return tree


def _fields(tree: Tree) -> Iterator[str]:
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _fields(part)
        case Not(part):
            yield from _fields(part)
        case Words(name) | Token(name) | Near(Words(name)) | Range(name):
            yield name
        case Everything() | Digits():
            return
        case _:
            yield "label"


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy in the city. state: of mail/archive/envelopes.State, "pulled" if removed, "taking" if being removed; since: ms."""

    capture: str
    index: int
    mailbox: str
    state: str
    since: int

    @property
    def can_be_taken(self) -> bool:
        return self.state == "delivered" or self.state in _ON_THE_WAY


def copies_of(traced: Iterable[MessageTrace], domains: Collection[str]) -> list[Copy]:
    """Copies in mailboxes of the city, by mailbox. domains: lower case."""
    copies = []
    for message in traced:
        for p in message.passages:
            mailbox = (p.box or p.address).lower()
            if mailbox.rpartition("@")[2] in domains and p.state not in ("kept", "refused"):
                state = "pulled" if p.state == "held" and p.rules == (rule_keys.PULLED_BACK,) else p.state
                copies.append(Copy(message.uuid, p.index, mailbox, state, p.since))
    return sorted(copies, key=lambda has: (has.mailbox, has.capture, has.index))


def counted(copies: Sequence[Copy]) -> tuple[int, int]:
    """The number of copies that can be removed, and of their mailboxes."""
    removable = [has for has in copies if has.can_be_taken]
    return len(removable), len({has.mailbox for has in removable})
