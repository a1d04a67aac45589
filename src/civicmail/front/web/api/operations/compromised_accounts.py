"""Compromised accounts: lock, and release with the held copies that may go (P-25). Envelopes only."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import require
from civicmail.core.config.clock import now_ms
from civicmail.desk.holding.actions import containment
from civicmail.desk.holding.acts.containment import LOCK_ACCOUNT, RELEASE_ACCOUNT
from civicmail.desk.holding.lists.containment import COMPROMISED_ACCOUNTS
from civicmail.desk.holding.models import Containment
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations.holding import router as router
from civicmail.front.web.api.operations_decorator import operation

ONE = "/contained/{int:id}"
ACCOUNT_ROW = list_operation(router, COMPROMISED_ACCOUNTS)


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


class OneContained(ACCOUNT_ROW.schema):  # type: ignore[misc, name-defined]  # made at run time
    """waits: groups of what is held."""

    waits: list[WaitingGroup]


@operation(router, "GET", ONE, act="containment.see", scope="read:holding", page="containment", response=OneContained)
def read_contained(request: Call, id: int) -> OneContained:
    """Read a compromised account with its held mail."""
    require(request, "containment.see")
    return _whole(_row(id), epoch_ms(request.now))


def _row(id_: int) -> Containment:
    row: Containment = get_object_or_404(COMPROMISED_ACCOUNTS.queryset(), pk=id_)
    return row


def _whole(c: Containment, now: int) -> OneContained:
    waits = [
        WaitingGroup(
            key=g.key, messages=[uuid.UUID(capture) for capture in g.captures], first=from_ms(g.first), last=from_ms(g.last),
            copies=g.copies, domains=len(g.domains), places=list(g.places), alike=g.alike, new=g.new,
        )
        for g in containment.releasable_groups(c, now)
    ]  # fmt: skip
    return OneContained(**ACCOUNT_ROW.values(c), waits=waits)


def _changed(c: Containment) -> OneContained:
    return _whole(_row(c.pk), now_ms())


act_operation(router, LOCK_ACCOUNT, OneContained, _changed)
act_operation(router, RELEASE_ACCOUNT, OneContained, _changed)
