"""Group the held messages of a contained account by what they have in common, for its page. Envelopes only (P-17)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from civicmail.city.policy import rule_keys
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Capture
from civicmail.mail.pipeline.containment import CHECK, HELD, sender_of
from civicmail.mail.pipeline.rescreening import copies_of

MIN_SIMILAR = 3
"""Near-duplicates from which a group looks like the attack."""
MAX_MESSAGES = 2000
"""Messages of one account that are grouped at a time; the others follow when these are released."""


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """Held near-duplicates, or one message. key: of the form; first, last: ms; copies: recipients; domains: outside; places:
    client addresses; alike: whether they look like the attack; new: whether they go to a domain that the sender never wrote
    to."""

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
        """Whether nothing is known against it; then it is preselected."""
        return not self.alike and not self.new


def held_groups(
    sender: str, now: int, domains: frozenset[str], people: Snapshot | None, known_domains: Collection[str] = ()
) -> list[MessageGroup]:
    """Held messages of one sender: likely honest ones first, then the largest group. domains: of the city; known: domains that
    the sender wrote to before. Raises LaterError."""
    ids = dict.fromkeys(c.id for c in queries.copies(now) if rule_keys.CONTAINED in c.rules)
    captures: list[Capture] = []
    for id_ in ids:
        if len(captures) == MAX_MESSAGES:
            break
        try:
            capture, _ = queries.held_copies().record(id_)
        except (NotInArchive, DamagedFile):
            continue
        if _sender_key(capture, domains, people) == sender:
            captures.append(capture)
    return groups(captures, domains, known_domains)


def groups(captures: Iterable[Capture], domains: frozenset[str], known_domains: Collection[str]) -> list[MessageGroup]:
    """Group by what the gateway saw in common. The message that tripped the limit is never likely honest."""
    by_mask: dict[str, list[Capture]] = {}
    for capture in captures:
        mask = next((f.mask for f in capture.findings if f.check == CHECK), "")
        by_mask.setdefault(mask or capture.uuid, []).append(capture)
    message_groups = [
        _group(key, sorted(members, key=lambda c: c.received), domains, known_domains) for key, members in by_mask.items()
    ]
    return sorted(message_groups, key=lambda g: (not g.is_likely_honest, -len(g.captures), g.first))


def _group(key: str, members: list[Capture], domains: frozenset[str], known_domains: Collection[str]) -> MessageGroup:
    recipients = [r.address.lower() for c in members for r in c.envelope.recipients]
    outside = tuple(sorted({a.rpartition("@")[2] for a in recipients} - domains))
    is_trigger = any(f.check == CHECK and f.code != HELD for c in members for f in c.findings)
    places = tuple(dict.fromkeys(c.envelope.client for c in members if c.envelope.client))
    captures = tuple(c.uuid for c in members)
    alike, new = len(members) >= MIN_SIMILAR or is_trigger, not set(outside) <= set(known_domains)
    return MessageGroup(key, captures, members[0].received, members[-1].received, len(recipients), outside, places, alike, new)


def held_indices(capture: str) -> list[int]:
    """Indices of the copies of a message that are still held for this."""
    try:
        recorded, events = queries.held_copies().record(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile):
        return []
    ours = {d.to for d in recorded.dispositions if rule_keys.CONTAINED in d.rules}
    return [index for index, copy in copies_of(recorded, events).items() if index in ours and copy.is_held]


def _sender_key(capture: Capture, domains: frozenset[str], people: Snapshot | None) -> str:
    envelope = capture.envelope
    return sender_of(envelope.login, envelope.sender, capture.source.kind, domains, people)
