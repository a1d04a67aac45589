"""Compromised accounts: lock, and release with the held copies that may go (P-25). Envelopes only."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Schema

from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import set_choices
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.city_request import require
from civicmail.desk.holding.actions import containment as verbs
from civicmail.desk.holding.containment_groups import MessageGroup
from civicmail.desk.holding.containment_states import OPEN, SIGNS
from civicmail.desk.holding.models import Containment
from civicmail.desk.holding.views import containment as typed
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.holding import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe

ONE = "/contained/{int:id}"
WITH = ("person", "locker", "releaser")


class ContainedLine(Schema):
    """sender: of the mail, where nobody holds the account; sign: what was unlike its owner; state: held, locked or released."""

    id: int
    person: Who | None
    sender: str
    sign: str
    state: str
    made: datetime
    locker: Who | None
    releaser: Who | None


class WaitingGroup(Schema):
    """Messages that wait and say the same. key: names it in `release_contained`; alike: they look like the attack; new: they go to
    a domain to which their sender had never written."""

    key: str
    messages: list[uuid.UUID]
    first: datetime
    last: datetime
    copies: int
    domains: int
    places: list[str]
    alike: bool
    new: bool


class OneContained(ContainedLine):
    """waits: groups of what is held."""

    waits: list[WaitingGroup]


class ContainedSeen(Schema):
    """state: as it was seen."""

    state: str = "held"


class Releasing(ContainedSeen):
    """go: keys of the groups that go, the rest stays held; allowed: recipients outside within an hour for a week, left out for as
    many as everybody has; reason: whom one spoke to, and what they changed."""

    go: list[str] = Field(default_factory=list)
    allowed: int | None = None
    reason: str


@operation(router, "GET", "/contained", act="containment.see", scope="read:holding", page="contained", response=list[ContainedLine])
def list_contained(request: Call, response: HttpResponse) -> list[ContainedLine]:
    """List compromised accounts, newest first."""
    require(request, "containment.see")
    rows = Containment.objects.select_related(*WITH)
    return pagination.rows(request, response, rows, lambda c: ContainedLine(**_plain(c)), by="-pk")


@operation(router, "GET", ONE, act="containment.see", scope="read:holding", page="containment", response=OneContained)
def read_contained(request: Call, id: int) -> OneContained:
    """Read a compromised account with its held mail."""
    require(request, "containment.see")
    return _whole(_row(id), epoch_ms(request.now))


@operation(router, "POST", f"{ONE}/lock", act="containment.lock", scope="write:holding", page="containment", response=OneContained)
def lock_contained(request: Call, id: int, body: ContainedSeen) -> OneContained:
    """Lock an account at every entry point: pages, IMAP, submission, tokens and device passwords."""
    row = _seen(request, id, "containment.lock", body)
    reason = typed.LOCKED_FOR.format(sign=SIGNS.get(row.sign, row.sign))
    now = epoch_ms(request.now)

    def do() -> OneContained:
        verbs.lock(row, actor=request.actor, reason=reason, now=now)
        return _whole(_row(id), now)

    return once(request, do)


@operation(
    router, "POST", f"{ONE}/release", act="containment.release", scope="write:holding", page="containment", response=OneContained
)
def release_contained(request: Call, id: int, body: Releasing) -> OneContained:
    """Unlock an account and release the named held mail; or, later, release more of it."""
    row = _seen(request, id, "containment.release", body)
    now = epoch_ms(request.now)

    def do() -> OneContained:
        groups = _groups(row, now)
        form = typed.ReleaseForm({**request_bodies.plain(body), "go": body.go})
        set_choices(form, "go", [(g.key, g.key) for g in groups])
        c = request_bodies.checked(form)
        let = [capture for g in groups if g.key in c["go"] for capture in g.captures]
        if row.state not in OPEN and not let:
            raise Unusable("Choose what goes.", {"go": "Choose what goes."})
        if row.state in OPEN:
            verbs.release(row, let, allowed=c["allowed"] or 0, actor=request.actor, reason=c["reason"], now=now)
        else:
            verbs.release_more(row, let, actor=request.actor, reason=c["reason"], now=now)
        return _whole(_row(id), now)

    return once(request, do)


def _row(id_: int) -> Containment:
    return get_object_or_404(Containment.objects.select_related(*WITH), pk=id_)


def _seen(request: Call, id_: int, act: str, body: ContainedSeen) -> Containment:
    require(request, "containment.see")
    row = _row(id_)
    require(request, act, about_person(row.person) if row.person is not None else OfPerson(""))
    as_seen(request, row.state, body.state, "This account is in another state by now; read it again.")
    return row


def _groups(row: Containment, now: int) -> list[MessageGroup]:
    return verbs.groups_of(row, now) if row.state in OPEN or row.let == [] else []


def _plain(c: Containment) -> dict[str, Any]:
    return {
        "id": c.pk, "person": maybe(c.person), "sender": c.sender.partition(":")[2] if c.person is None else "", "sign": c.sign,
        "state": c.state, "made": c.made, "locker": maybe(c.locker), "releaser": maybe(c.releaser),
    }  # fmt: skip


def _whole(c: Containment, now: int) -> OneContained:
    waits = [
        WaitingGroup(
            key=g.key, messages=[uuid.UUID(capture) for capture in g.captures], first=from_ms(g.first), last=from_ms(g.last),
            copies=g.copies, domains=len(g.domains), places=list(g.places), alike=g.alike, new=g.new,
        )
        for g in _groups(c, now)
    ]  # fmt: skip
    return OneContained(**_plain(c), waits=waits)
