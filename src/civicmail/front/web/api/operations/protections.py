"""Protected mail, sampled views for auditors, accidental views (P-16, P-17)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router, Schema

from civicmail.city.guard.models import Protection
from civicmail.city.identity.acts.protections import END_PROTECTION, PROTECT_MAIL
from civicmail.city.pages.city_request import or_404, require, require_could
from civicmail.desk.oversight import sampling
from civicmail.desk.oversight.acts.accidents import REPORT_ACCIDENT
from civicmail.desk.oversight.acts.content_views import MARK_VIEWING
from civicmail.desk.oversight.queries import content_views as queries
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who

router = Router(tags=["Oversight"])


class Protected(RowSchema):
    """Somebody, or a department, of a class of protected mail. approves: they decide whether somebody looks at it."""

    id: int
    kind: str
    person: Who | None
    department: str
    approves: bool
    since: datetime


class Viewed(RowSchema):
    """A look at mail that was not one's own: who, to what, why."""

    id: int
    act: str
    at: datetime
    person: str
    duty: str
    object: str
    reason: str


class Drawn(Viewed):
    """One reveal of a week's sample. looked: somebody has said what they think of it."""

    looked: bool


class Recorded(Schema):
    """That it is recorded."""

    recorded: bool


@operation(router, "GET", "/protected", act="protection.see", scope="read:mandates", page="protected", response=list[Protected])
def list_protected(request: Call, response: HttpResponse) -> list[Protected]:
    """List protected people and who decides about them."""
    require(request, "protection.see")
    rows = Protection.objects.filter(ended__isnull=True).select_related("person", "department")
    return pagination.rows(request, response, rows, _protected, by="pk")


def _protected(p: Protection) -> Protected:
    return Protected.from_row(p, since=p.at)


for act in (PROTECT_MAIL, END_PROTECTION):
    act_operation(router, act, Protected, _protected)


# -- looks


@operation(router, "GET", "/viewings", act="viewings.see", scope="read:entries", page="viewings", response=list[Viewed])
def list_viewings(request: Call, response: HttpResponse) -> list[Viewed]:
    """List content views, newest first; system administrators see their own."""
    require(request, "viewings.see")
    rows = queries.viewings(request.actor).defer("head")
    return pagination.rows(request, response, rows, Viewed.from_row, by="-pk")


@operation(
    router, "GET", "/viewings/sample", act="viewings.mark", scope="read:entries", page="viewings-sample", response=list[Drawn]
)
def list_sample(request: Call, response: HttpResponse, week: str = "") -> list[Drawn]:
    """List the week's sample of content views for auditors. week: like 2026-W47, default the last whole one."""
    require_could(request, "viewings.mark")
    drawn = or_404(queries.sample_of(week or sampling.last_whole(timezone.localdate(request.now)), request.now))
    rows = [Drawn.from_row(e, looked=bool(mark)) for e, mark in drawn.drawn]
    return pagination.slices(request, response, rows, lambda row: row, key=lambda row: str(row.id))


act_operation(router, MARK_VIEWING, Recorded, lambda _: Recorded(recorded=True))


act_operation(router, REPORT_ACCIDENT, Recorded, lambda _: Recorded(recorded=True))
