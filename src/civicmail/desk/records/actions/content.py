"""Open content under a request for records: the entry is durable before the permit exists (P-21, E6)."""

from __future__ import annotations

from typing import Any

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.permits import Permit
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries.requests import mandate_of, mandate_to_count


def under(request: Request, act: str, *, actor: Actor, facts: dict[str, Any], now: int) -> Permit:
    """A permit for mail within the agreed scope of a request. act: content.list, show, attachment, print, export or hold; facts:
    what will be viewed (a query, ids, counts), never a subject. The scope and the assignment are checked again under a lock, so
    that a scope that was replaced meanwhile opens nothing. Raises NotPermitted, Conflict, NotRecorded."""
    mandate = mandate_of(request, actor, now)

    def write(entry: dict[str, Any]) -> str:
        with entries.before_showing(now):
            row = Request.objects.select_for_update().get(pk=request.pk)
            fresh = mandate_of(row, actor, now)
            guard.require_under(actor, fresh, act, now=now)
            if fresh.scope != mandate.scope:
                raise Conflict("Nothing was shown: the scope of this request has changed. Reload the page.")
            return _enter(row, mandate, entry, actor=actor, now=now)

    return guard.permit_under(actor, mandate, act, facts, now=now, write=write)


def to_count(request: Request, query: str, *, actor: Actor, now: int) -> Permit:
    """A permit to count what a scope would reach, before one is agreed. Counts for word after word can reveal content, so each
    leaves its entry. Raises NotPermitted, NotRecorded."""
    guard.require(actor, "records.work", now=now)
    mandate = mandate_to_count(request, query, actor, now)

    def write(entry: dict[str, Any]) -> str:
        with entries.before_showing(now):
            return _enter(request, mandate, entry, actor=actor, now=now)

    return guard.permit_under(actor, mandate, "content.list", {"query": query, "counted": 1}, now=now, write=write)


def _enter(request: Request, mandate: Mandate, entry: dict[str, Any], *, actor: Actor, now: int) -> str:
    """Write the entry of a permit; its place."""
    facts = {k: v for k, v in entry.items() if k not in ("act", "person", "duty", "reason")}
    made = entries.enter(
        entry["act"], actor=actor, reason=mandate.reason, now=now, object=object_of(request), role=mandate.role, facts=facts
    )
    return f"entry:{made.uuid}"


def object_of(request: Request) -> str:
    """The object of entries about a request."""
    return f"request:{request.number}"
