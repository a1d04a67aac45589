"""Requests: one by its number, and as the mandate of the people who work on it."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.mandates import Mandate, Scope
from civicmail.desk.records.models import Assignment, Reply, Request
from civicmail.desk.records.models import Scope as ScopeRow
from civicmail.desk.records.states import OPEN

NEVER = 253_402_300_799_999
"""Epoch ms of the last moment of the year 9999."""


def find(number: str, actor: Actor, now: int) -> Request:
    """A request for a person of the desk, or an auditor. Raises NotPermitted, Http404."""
    guard.require(actor, "records.see", now=now)
    return get_object_or_404(Request.objects.select_related("custodian", "entered"), number=number)


def count_open() -> int:
    """How many requests somebody works on, or should."""
    return Request.objects.filter(state__in=OPEN).count()


def count_unread() -> int:
    """How many messages to the desk nobody has answered."""
    return Reply.objects.filter(state="open").count()


def agreed_scope(request: Request) -> ScopeRow | None:
    """The scope under which may be searched and read."""
    return request.scopes.filter(state="agreed").first()


def mandate_of(request: Request, actor: Actor, now: int) -> Mandate:
    """What this person may read under the request: the agreed scope, over the whole archive, while they are assigned to it and it
    is open (P-21). Raises NotPermitted."""
    assignment = _assignment(request, actor)
    scope = agreed_scope(request)
    if scope is None:
        raise NotPermitted(f"Request {request.number} has no agreed scope, so nothing can be read under it.")
    return _mandate(request, assignment, scope.query)


def mandate_to_count(request: Request, query: str, actor: Actor, now: int) -> Mandate:
    """For counts of what a scope would reach, before there is one: of numbers only. Raises NotPermitted."""
    return _mandate(request, _assignment(request, actor), query)


def is_assigned(request: Request, actor: Actor) -> bool:
    """Whether this person works on the request now."""
    return Assignment.objects.filter(request=request, person__uid=actor.uid, until__isnull=True).exists()


def _assignment(request: Request, actor: Actor) -> Assignment:
    assignment = (
        Assignment.objects.filter(request=request, person__uid=actor.uid, until__isnull=True).select_related("person").first()
    )
    if assignment is None:
        raise NotPermitted(f"You are not assigned to request {request.number}.")
    return assignment


def _mandate(request: Request, assignment: Assignment, query: str) -> Mandate:
    return Mandate(
        number=request.number,
        ground="request",
        person=assignment.person.uid,
        role="city-attorney" if assignment.role == "attorney" else "records-officer",
        reason=f"Request for records {request.number}",
        scope=Scope((), (), words=query, whole=True),
        starts=epoch_ms(assignment.since),
        until=NEVER if request.state in OPEN else 0,
        urgent=False,
        state="open" if request.state in OPEN else "closed",
    )
