"""Queries of pages: held copies, and the rules that hold them."""

from __future__ import annotations

import uuid
from functools import lru_cache
from pathlib import Path

from django.db.models import Min

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OwnCase
from civicmail.city.policy.active_rules import active_or_starter
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.fold import exact
from civicmail.core.query.tree import Token
from civicmail.desk.holding import decisions, release_states
from civicmail.desk.holding.decisions import Decision
from civicmail.desk.holding.held_copies import HeldCopies, HeldCopy
from civicmail.desk.holding.models import Approval, Contest, Release
from civicmail.desk.viewer.queries import damage_as_later, installation, store
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.search.search import search

MAX_COUNTED = 500
"""Requests that are counted."""
MAX_SAME_ID = 20
"""Captures of one Message-ID that are compared."""


def copies(now: int) -> list[HeldCopy]:
    """All held and quarantined copies, newest first. Raises LaterError if unknown at this moment."""
    with damage_as_later():
        return held_copies().copies(now)


def delayed(now: int) -> list[HeldCopy]:
    """Copies that are late and wait for no person. Raises LaterError if unknown at this moment."""
    with damage_as_later():
        return held_copies().delayed(now)


def unchecked(now: int) -> list[HeldCopy]:
    """Copies that wait for a person because a check did not answer. Raises LaterError if unknown at this moment."""
    with damage_as_later():
        return held_copies().unchecked(now)


def copy(id_: bytes, index: int, now: int) -> HeldCopy | None:
    return next((c for c in copies(now) if (c.id, c.index) == (id_, index)), None)


def copy_or_delayed(id_: bytes, index: int, now: int) -> HeldCopy | None:
    """A held copy, or one that is late and waits for no person."""
    return copy(id_, index, now) or next((c for c in delayed(now) if (c.id, c.index) == (id_, index)), None)


def held_copies() -> HeldCopies:
    return _held_copies(installation())


@lru_cache(maxsize=4)
def _held_copies(data: Path) -> HeldCopies:
    return HeldCopies(data)


def with_message_id(message_id: str) -> list[bytes]:
    """The oldest captures with this Message-ID, because an imitation comes later. Raises NotIndexed."""
    page = search(store().reader(), Token("messageid", exact(message_id)), limit=MAX_SAME_ID, sort="oldest", scored=False)
    return [uuid.UUID(hit.id).bytes for hit in page.hits]


def decision(capture: uuid.UUID) -> Decision | None:
    """The decision on a message, None if there is none to show."""
    try:
        recorded, events = held_copies().record(capture.bytes)
    except (NotInArchive, DamagedFile):
        return None
    return decisions.decision(recorded, events, rule_set())


def count_answerable(actor: Actor, now: int) -> int:
    """Number of release requests that this officer can answer now. now: ms."""
    rows = Release.objects.filter(state__in=release_states.OPEN).select_related("requester", "first").order_by("pk")[:MAX_COUNTED]
    return sum(bool(guard.may(actor, release_states.act_of(r.kind, r.state), release_resource(r), now=now)) for r in rows)


def release_resource(row: Release) -> OwnCase:
    """Resource of an answer to a request: not by the requester, and not by the first of two officers again."""
    firsts = (row.requester.uid, *([row.first.uid] if row.first else []))
    return OwnCase(row.requester.uid, first_actors=firsts, began_ms=epoch_ms(row.made))


def contests_of(capture: uuid.UUID) -> list[Contest]:
    """Appeals against a decision, oldest first."""
    return list(Contest.objects.filter(capture=str(capture)).order_by("pk")[:20])


def named_rules(names: tuple[str, ...]) -> list[tuple[str, Rule | None]]:
    """Each name with its active rule; a rule may have been retired."""
    active_rules = rule_set()
    return [(name, active_rules.rule(name)) for name in names]


def rule_set() -> RuleSet:
    return active_or_starter(installation())


def waiting_approvals(now: int) -> dict[str, float]:
    """approvals: messages whose files wait for a person; oldest: seconds that the oldest has waited, else 0. now: epoch ms."""
    waiting = Approval.objects.filter(copies__state="waits").order_by()
    oldest = waiting.aggregate(oldest=Min("made"))["oldest"]
    return {"approvals": waiting.distinct().count(), "oldest": max(0, now - epoch_ms(oldest)) / 1000 if oldest else 0}
