"""The archive's holds for requests: in force from the second of intake until the law's period after the end (P-20, P-21).

Until a scope is agreed a request holds the whole archive: nobody can know before what it reaches. Then it holds what the agreed
scope and any proposed one reach, later mail included.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.mandates import Scope as ScopeOfWords
from civicmail.city.law.pack import LawPack
from civicmail.core.query.tree import Everything, Tree
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Hold, Request, Scope
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import holds
from civicmail.mail.archive.errors import UnknownHold

AFTER_DENIAL = "hold-after-denial"
"""The clock that each law pack has."""
LIVE = ("proposed", "agreed")
"""States of a scope that is held."""


def current(request: Request) -> QuerySet[Hold]:
    """The holds in force."""
    return Hold.objects.filter(request=request, ended__isnull=True).select_related("scope")


def place_for(request: Request, *, actor: Actor, now: int, known: Mapping[str, str] | None = None) -> Hold:
    """Bring the holds of an open request up to date, and return the one on its agreed scope, or on everything. Call it outside of a
    transaction, because each hold is durable in the archive first. known: scope -> id of holds in the archive that may lack their
    row. Raises LeaseHeld, NotRecorded: the worker then repeats it."""
    scopes: list[Scope | None] = list(request.scopes.filter(state__in=LIVE).order_by("state", "version"))  # agreed before proposed
    if not scopes or scopes[0] is None or scopes[0].state != "agreed":
        scopes = [None]
    in_force = {hold.scope: hold for hold in current(request)}
    wanted = [in_force.get(scope) or _place(request, scope, actor, now, known or {}) for scope in scopes]
    for scope, hold in in_force.items():
        if scope not in scopes:
            end(hold, actor=actor, reason=f"Another scope of request {request.number} is held.", now=now)
    return wanted[0]


def end(hold: Hold, *, actor: Actor, reason: str, now: int) -> None:
    """Lift one hold; the schedules decide about what it held. Raises LeaseHeld, NotRecorded."""
    facts = {"hold": hold.archive}
    entering = entering_of("hold.lifted", actor=actor, reason=reason, now=now, object=object_of(hold.request), facts=facts)
    with suppress(UnknownHold):  # lifted before its row could say so
        holds.end(installation(), hold.archive, actor=actor.uid, reason=reason, now=now, entering=entering, with_work=True)
    hold.ended = from_ms(now)
    hold.save(update_fields=["ended"])


def is_over(request: Request, pack: LawPack, today: date) -> bool:
    """Whether the law no longer keeps what a closed request held: its longest period for a requester in custody."""
    if request.suit is not None or request.closed is None:
        return False
    periods = [clock for clock in pack.clocks if clock.kind == "hold"]
    clock = max(periods, key=lambda c: c.days).id if request.incarcerated else AFTER_DENIAL
    return not pack.is_running(clock, timezone.localdate(request.closed), today)


def _place(request: Request, scope: Scope | None, actor: Actor, now: int, known: Mapping[str, str]) -> Hold:
    words = f"{holds.REQUEST}{request.number}: {'everything' if scope is None else scope.query}"
    name = known.get(words, "")
    if not name:
        reason = f"Request for records {request.number}"
        facts = {"ground": "request", "query": "" if scope is None else scope.query}
        entering = entering_of("hold.placed", actor=actor, reason=reason, now=now, object=object_of(request), facts=facts)
        name = holds.place(
            installation(),
            ground="request",
            scope=words,
            tree=_tree(scope),
            actor=actor.uid,
            reason=reason,
            now=now,
            entering=entering,
        )
    return Hold.objects.create(request=request, scope=scope, archive=name, placed=from_ms(now))


def _tree(scope: Scope | None) -> Tree:
    if scope is None:
        return Everything()
    return ScopeOfWords((), (), words=scope.query, whole=True).tree(int(scope.at.timestamp() * 1000))
