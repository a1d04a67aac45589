"""Queries of pages: held copies, the rules that hold them, and earlier answers about files."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path

from django.db.models import Count, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.resources import OwnCase
from civicmail.city.policy.active_rules import active_or_starter
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.fold import exact
from civicmail.core.query.tree import Token
from civicmail.desk.holding import decisions, release_states
from civicmail.desk.holding.decisions import Decision
from civicmail.desk.holding.earlier_requests import COUNTED, YEAR, Answered, Earlier
from civicmail.desk.holding.held_copies import HeldCopies, HeldCopy
from civicmail.desk.holding.models import Approval, ApprovalCopy, Contest, Release
from civicmail.desk.viewer.queries import damage_as_later, installation, store
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.search.search import search

MAX_COUNTED = 500
"""Requests that are counted."""
ANSWERS = ("approved", "refused", "records")
MAX_TODAY = 20
"""Messages that were answered today; the report has all."""
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


def earlier_requests(addresses: Collection[str], actor: Actor, now: int) -> dict[str, Earlier]:
    """What became of earlier requests for each address, within the departments of the reader. Upper and lower case are one. One
    query, none without an address."""
    if not addresses:
        return {}
    folded = [form for address in addresses for form in (Value(address.lower()), Lower(Value(address)))]
    ended = _of_reader(ApprovalCopy.objects.filter(at__isnull=False), actor).exclude(state="gone").order_by()
    recent = Q(at__gte=from_ms(now) - YEAR)
    states = {state: Count("pk", filter=Q(state=state) & recent) for state, _ in COUNTED}
    counted = ended.annotate(to=Lower("address")).filter(to__in=folded).values("to").annotate(last=Max("at"), **states)
    rows = counted.values_list("to", "last", *states)
    known = {to.lower(): Earlier(dict(zip(states, counts, strict=True)), timezone.localtime(last)) for to, last, *counts in rows}
    return {address: known.get(address.lower(), Earlier()) for address in addresses}


def answered_today(actor: Actor, now: int) -> list[Answered]:
    """What this person and the other approvers of their departments answered today, newest first. One query."""
    begins = timezone.make_aware(datetime.combine(timezone.localdate(from_ms(now)), time.min))
    copies = _of_reader(ApprovalCopy.objects.filter(at__gte=begins, state__in=ANSWERS), actor)
    related = copies.select_related("approval__person", "approval__department", "by").order_by("-at", "-approval", "index")
    return _together(related[: MAX_TODAY * 5])[:MAX_TODAY]


def _together(copies: Iterable[ApprovalCopy]) -> list[Answered]:
    answers: dict[tuple[int, int | None, str], Answered] = {}
    for copy in copies:
        key = copy.approval_id, copy.by_id, copy.state
        answers.setdefault(key, Answered(copy.approval, [])).copies.append(copy)
    return list(answers.values())


def _of_reader(copies: QuerySet[ApprovalCopy], actor: Actor) -> QuerySet[ApprovalCopy]:
    """Of the departments that the reader answers for, and of files that they decided about as their own; an auditor has all."""
    if actor.holds("auditor"):
        return copies
    own = Q(approval__own=True, approval__person__uid=actor.uid)
    return copies.filter(Q(approval__department__code__in=actor.departments) | own)
