"""What pages ask: copies that are kept back, and the words of the rules that keep them."""

from __future__ import annotations

import uuid
from functools import lru_cache
from pathlib import Path

from civicmail.city.access import guard
from civicmail.city.access.actors import Actor
from civicmail.city.access.moments import ms
from civicmail.city.access.resources import OwnCase
from civicmail.city.policy.published import active_or_starter
from civicmail.city.policy.rules import Book, Rule
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.fold import exact
from civicmail.core.query.tree import Token
from civicmail.desk.holding import decisions, releasestates
from civicmail.desk.holding.decisions import Decision
from civicmail.desk.holding.keptback import Copy, KeptBack
from civicmail.desk.holding.models import Contest, Release
from civicmail.desk.viewer.queries import damage_told, installation, store
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.search.search import search

WAITING_MOST = 500
"""Requests that are counted."""
NAMED_ALIKE = 20
"""Captures of one Message-ID that are looked at."""


def copies(now: int) -> list[Copy]:
    """Everything that is kept back by rules, newest first. Raises LaterError where it cannot be told."""
    with damage_told():
        return kept().copies(now)


def waiting(now: int) -> list[Copy]:
    """What waits for no person and is late. Raises LaterError where it cannot be told."""
    with damage_told():
        return kept().waiting(now)


def unchecked(now: int) -> list[Copy]:
    """What waits for a person because a check did not answer. Raises LaterError where it cannot be told."""
    with damage_told():
        return kept().unchecked(now)


def copy(id_: bytes, index: int, now: int) -> Copy | None:
    return next((c for c in copies(now) if (c.id, c.index) == (id_, index)), None)


def copy_or_late(id_: bytes, index: int, now: int) -> Copy | None:
    """One that is kept back, or that waits for no person and is late."""
    return copy(id_, index, now) or next((c for c in waiting(now) if (c.id, c.index) == (id_, index)), None)


def kept() -> KeptBack:
    return _kept(installation())


@lru_cache(maxsize=4)
def _kept(data: Path) -> KeptBack:
    return KeptBack(data)


def with_message_id(message_id: str) -> list[bytes]:
    """The oldest captures with this Message-ID: whoever takes it for a message of their own comes later. Raises NotIndexed."""
    page = search(store().reader(), Token("messageid", exact(message_id)), limit=NAMED_ALIKE, sort="oldest", scored=False)
    return [uuid.UUID(hit.id).bytes for hit in page.hits]


def decision(capture: uuid.UUID) -> Decision | None:
    """What was decided about a message, None where there is nothing to tell."""
    try:
        recorded, events = kept().record(capture.bytes)
    except (NotInArchive, DamagedFile):
        return None
    return decisions.decision(recorded, events, book())


def waiting_for(actor: Actor, now: int) -> int:
    """How many requests that something is let go this officer can answer now. now: ms."""
    rows = Release.objects.filter(state__in=releasestates.OPEN).select_related("requester", "first").order_by("pk")[:WAITING_MOST]
    return sum(bool(guard.may(actor, releasestates.act_of(r.kind, r.state), about(r), now=now)) for r in rows)


def about(row: Release) -> OwnCase:
    """An answer to a request: not of whoever asked, and where it takes two not of the first of them again."""
    firsts = (row.requester.uid, *([row.first.uid] if row.first else []))
    return OwnCase(row.requester.uid, firsts=firsts, began=ms(row.made))


def contests(capture: uuid.UUID) -> list[Contest]:
    """What was said against it, the oldest first."""
    return list(Contest.objects.filter(capture=str(capture)).order_by("pk")[:20])


def rules(names: tuple[str, ...]) -> list[tuple[str, Rule | None]]:
    """Each by its name, with what the book in force says of it; a rule may be gone since."""
    in_force = book()
    return [(name, in_force.rule(name)) for name in names]


def book() -> Book:
    return active_or_starter(installation())
