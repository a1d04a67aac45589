"""Quarantine and counts of findings (P-02, P-12, P-25)."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpResponse
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import require
from civicmail.desk.holding import findings, queries
from civicmail.desk.holding.acts.quarantine import RELEASE_COPY
from civicmail.desk.holding.held_copies import HeldCopy
from civicmail.desk.holding.models import Finding
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema
from civicmail.mail.pipeline.release_copies import Released

router = Router(tags=["Holding"])


class KeptCopy(RowSchema):
    """One recipient's copy that rules keep back. do: quarantine or hold."""

    id: uuid.UUID
    index: int
    received: datetime
    sender: str
    address: str
    do: str
    rules: list[str]


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
    return KeptCopy.from_row(c, id=uuid.UUID(bytes=c.id))


def _let(released: Released) -> Let:
    kept = next(iter(released.kept.values()), None)
    return Let(let=bool(released.released), rules=[] if released.released or kept is None else list(kept.rules))


act_operation(router, RELEASE_COPY, Let, _let)


@operation(router, "GET", "/findings/counts", act="findings.see", scope="read:holding", page="findings", response=FindingCounts)
def count_findings(request: Call) -> FindingCounts:
    """Count use findings by state, without names."""
    require(request, "findings.see")
    count = {state: Finding.objects.filter(state=state).count() for state in ("open", "second", "confirmed")}
    return FindingCounts(waiting=findings.count_for(request.actor), **count)
