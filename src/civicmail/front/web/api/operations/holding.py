"""Quarantine and counts of findings (P-02, P-12, P-25)."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import Http404, HttpResponse
from ninja import Router, Schema

from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.views.city_request import require
from civicmail.desk.holding import findings, queries
from civicmail.desk.holding.actions import release_copies
from civicmail.desk.holding.held_copies import HeldCopy
from civicmail.desk.holding.models import Finding
from civicmail.desk.holding.views.quarantine import NoSpamForm
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation

router = Router(tags=["Holding"])


class KeptCopy(Schema):
    """One recipient's copy that rules keep back. do: quarantine or hold."""

    id: uuid.UUID
    index: int
    received: datetime
    sender: str
    address: str
    do: str
    rules: list[str]


class Letting(Schema):
    """reason: why it is no spam, in at least ten characters."""

    reason: str


class Let(Schema):
    """let: whether it goes; rules: what keeps it all the same."""

    let: bool
    rules: list[str]


class FindingCounts(Schema):
    """waiting: that this reviewer can answer; the others by state."""

    waiting: int
    open: int
    second: int
    confirmed: int


@operation(router, "GET", "/quarantine", act="quarantine.see", scope="read:holding", page="quarantine", response=list[KeptCopy])
def list_quarantine(request: Call, response: HttpResponse) -> list[KeptCopy]:
    """List quarantined copies, newest first."""
    require(request, "quarantine.see")
    return pagination.slices(request, response, queries.copies(epoch_ms(request.now)), _copy, key=lambda c: f"{c.uuid}-{c.index}")


def _copy(c: HeldCopy) -> KeptCopy:
    return KeptCopy(
        id=uuid.UUID(bytes=c.id), index=c.index, received=from_ms(c.received), sender=c.sender, address=c.address, do=c.do,
        rules=list(c.rules),
    )  # fmt: skip


@operation(
    router, "POST", "/quarantine/{uuid:id}/{int:index}/release", act="quarantine.release", scope="write:holding",
    page="quarantine-release", response=Let,
)  # fmt: skip
def release_copy(request: Call, id: uuid.UUID, index: int, body: Letting) -> Let:
    """Release a copy that is no spam; the answer says what else holds it."""
    require(request, "quarantine.see")
    require(request, "quarantine.release")
    copy = queries.copy(id.bytes, index, epoch_ms(request.now))
    if copy is None:
        raise Http404
    c = request_bodies.checked(NoSpamForm(request_bodies.plain(body)))
    done = release_copies.release(copy, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
    return Let(let=index in done.let, rules=[] if index in done.let else list(done.kept[index].rules))


@operation(router, "GET", "/findings/counts", act="findings.see", scope="read:holding", page="findings", response=FindingCounts)
def count_findings(request: Call) -> FindingCounts:
    """Count use findings by state, without names."""
    require(request, "findings.see")
    count = {state: Finding.objects.filter(state=state).count() for state in ("open", "second", "confirmed")}
    return FindingCounts(waiting=findings.count_for(request.actor), **count)
