"""What the pages of contained accounts show: the messages that wait, by what they have in common. Envelopes only (P-17)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from civicmail.city.access.snapshot import Snapshot
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Capture
from civicmail.mail.pipeline.contained import RULE
from civicmail.mail.pipeline.containing import CHECK, HELD, sender_of
from civicmail.mail.pipeline.rescreening import copies_of

ALIKE = 3
"""Messages that say the same, from which on they are taken for the attack."""
MOST = 2000
"""Messages of one account that are looked at at once; the others come when those have gone."""


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that wait and say the same, or one alone. key: of the form; first, last: ms; copies: recipients; domains: outside;
    places: addresses of clients; alike: whether they look like the attack; new: whether they go to a domain to which their sender
    had never written."""

    key: str
    captures: tuple[str, ...]
    first: int
    last: int
    copies: int
    domains: tuple[str, ...]
    places: tuple[str, ...]
    alike: bool
    new: bool

    @property
    def is_likely_honest(self) -> bool:
        """Whether nothing is known against it: that it is chosen beforehand."""
        return not self.alike and not self.new


def waiting(sender: str, now: int, domains: frozenset[str], people: Snapshot | None, known: Collection[str] = ()) -> list[Group]:
    """What waits of one sender: what is likely honest first, then most alike. domains: of the city; known: to which the sender
    wrote before. Raises LaterError."""
    ids = dict.fromkeys(c.id for c in queries.copies(now) if RULE in c.rules)
    found: list[Capture] = []
    for id_ in ids:
        if len(found) == MOST:
            break
        try:
            capture, _ = queries.kept().record(id_)
        except (NotInArchive, DamagedFile):
            continue
        if _sender(capture, domains, people) == sender:
            found.append(capture)
    return groups(found, domains, known)


def groups(captures: Iterable[Capture], domains: frozenset[str], known: Collection[str]) -> list[Group]:
    """By what the gateway saw that they have in common. The one that was unlike its sender itself is no honest one."""
    by: dict[str, list[Capture]] = {}
    for capture in captures:
        mask = next((f.mask for f in capture.findings if f.check == CHECK), "")
        by.setdefault(mask or capture.uuid, []).append(capture)
    made = [_group(key, sorted(some, key=lambda c: c.received), domains, known) for key, some in by.items()]
    return sorted(made, key=lambda g: (not g.is_likely_honest, -len(g.captures), g.first))


def _group(key: str, some: list[Capture], domains: frozenset[str], known: Collection[str]) -> Group:
    to = [r.address.lower() for c in some for r in c.envelope.recipients]
    outside = tuple(sorted({a.rpartition("@")[2] for a in to} - domains))
    tripped = any(f.check == CHECK and f.code != HELD for c in some for f in c.findings)
    places = tuple(dict.fromkeys(c.envelope.client for c in some if c.envelope.client))
    captures = tuple(c.uuid for c in some)
    alike, new = len(some) >= ALIKE or tripped, not set(outside) <= set(known)
    return Group(key, captures, some[0].received, some[-1].received, len(to), outside, places, alike, new)


def waiting_copies(capture: str) -> list[int]:
    """Indices of the copies of a message that still wait for this."""
    try:
        recorded, events = queries.kept().record(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile):
        return []
    ours = {d.to for d in recorded.dispositions if RULE in d.rules}
    return [index for index, copy in copies_of(recorded, events).items() if index in ours and copy.is_held]


def _sender(capture: Capture, domains: frozenset[str], people: Snapshot | None) -> str:
    e = capture.envelope
    return sender_of(e.login, e.sender, capture.source.kind, domains, people)
