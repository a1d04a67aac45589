"""Scopes of requests: proposed as a query and agreed, by a second person if the proposer entered the request (P-21)."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import NotPermitted, NotRecorded, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import Decision
from civicmail.core.disk.errors import LeaseHeld
from civicmail.desk.records import scope_query, states
from civicmail.desk.records.actions import holds
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import require_not_frozen
from civicmail.desk.records.models import Request, Scope
from civicmail.desk.records.queries.requests import is_assigned


def propose(request: Request, understood: str, query: str, *, actor: Actor, now: int) -> Scope:
    """Add a version of the scope. It is agreed at once, unless who proposes it entered the request as well: then a second person
    decides. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    understood, query = understood.strip(), query.strip()
    if not understood:
        raise field_error("understood", "Say in words what is asked for, as the requester will read it.")
    scope_query.checked(query, now)
    with transaction.atomic():
        row = lock_row(request)
        require_not_frozen(row)
        if not is_assigned(row, actor):
            raise NotPermitted(f"You are not assigned to request {row.number}.")
        if row.state != "scoping":
            row.state, row.since = states.REQUESTS.step(row.state, "rescope" if row.state == "review" else "scope"), from_ms(now)
            row.save(update_fields=["state", "since"])
        person = acting_person(actor)
        needs_second = row.entered is not None and four_eyes.is_oneself(actor, row.entered, now)
        replaced = ("proposed",) if needs_second else holds.LIVE
        _replace(row, replaced)
        version = 1 + max(row.scopes.values_list("version", flat=True), default=0)
        state = "proposed" if needs_second else "agreed"
        made = Scope.objects.create(
            request=row, version=version, understood=understood, query=query, state=state, by=person, at=from_ms(now)
        )
        _enter("scope.proposed", made, actor, now, second=int(needs_second))
    _hold(row, actor, now)
    return made


def decide(scope: Scope, yes: bool, reason: str, *, actor: Actor, now: int) -> Scope:
    """Confirm or refuse a proposed scope, as a second person. reason: needed for a no. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "records.confirm-scope", about(scope), now=now)
    reason = reason.strip() if yes else checked_reason(reason, min_length=10)
    with locked_row(scope, "state") as row:
        require_not_frozen(row.request)
        row.state = states.SCOPES.step(row.state, "confirm" if yes else "refuse")
        if yes:
            _replace(row.request, ("agreed",))
        row.confirmed_by, row.confirmed, row.why = acting_person(actor), from_ms(now), reason[:400]
        row.save()
        _enter("scope.agreed" if yes else "scope.refused", row, actor, now)
    _hold(row.request, actor, now)
    return row


def about(scope: Scope) -> Decision:
    """The resource for the second person, who neither proposed the scope nor entered the request."""
    people = [person.uid for person in (scope.by, scope.request.entered) if person is not None]
    return Decision(first_actors=tuple(dict.fromkeys(people)), began_ms=epoch_ms(scope.at))


def _replace(request: Request, which: tuple[str, ...]) -> None:
    for old in request.scopes.select_for_update().filter(state__in=which):
        old.state = states.SCOPES.step(old.state, "replace")
        old.save(update_fields=["state"])


def _hold(request: Request, actor: Actor, now: int) -> None:
    """Hold the present scopes. If that is impossible at this moment, the former hold stays and the worker follows."""
    with suppress(LeaseHeld, NotRecorded):
        holds.place_for(request, actor=actor, now=now)


def _enter(act: str, scope: Scope, actor: Actor, now: int, **more: int) -> None:
    facts = {"version": scope.version, "query": scope.query, **more}
    reason = scope.why or f"Request for records {scope.request.number}"
    entries.enter(act, actor=actor, reason=reason, now=now, object=object_of(scope.request), facts=facts)
