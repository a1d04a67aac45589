"""Work on a request that is open, by the people who are assigned to it: one transaction with the request locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import require_not_frozen
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries.requests import mandate_of
from civicmail.desk.records.states import OPEN


@contextmanager
def reviewing(request: Request, actor: Actor, now: int) -> Iterator[tuple[Request, Person]]:
    """A transaction with the request locked, and who acts: somebody assigned to it, under its agreed scope. Raises NotPermitted;
    Conflict if the request is closed, or frozen because of a suit (Wis. Stat. 19.35 (5))."""
    guard.require(actor, "records.review", now=now)
    mandate_of(request, actor, now)
    with locked_row(request) as row:
        if row.state not in OPEN:
            raise Conflict(f"Not saved: request {row.number} is closed.")
        require_not_frozen(row)
        yield row, acting_person(actor)


def enter(act: str, request: Request, *, actor: Actor, now: int, **facts: Any) -> None:
    """Write the entry of an act on a request into the open transaction. facts: numbers, codes, never text of mail."""
    reason = f"Request for records {request.number}"
    entries.enter(act, actor=actor, reason=reason, now=now, object=object_of(request), facts=facts)
