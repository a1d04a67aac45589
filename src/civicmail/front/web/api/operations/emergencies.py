"""Emergency rules: count, make, decide, end (P-25, P-29)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.pages.city_request import require
from civicmail.desk.oversight.acts.emergencies import COUNT_EMERGENCY, DECIDE_EMERGENCY, MAKE_EMERGENCY, STOP_EMERGENCY
from civicmail.desk.oversight.emergency_count import Counted
from civicmail.desk.oversight.models import Emergency as Row
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.rules import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

ONE = "/emergencies/{int:id}"


class Touched(Schema):
    """touched: messages that it would have stopped, of so many that were looked at; unknown: of these it cannot be told; whole: all
    of the last seven days were looked at."""

    touched: int
    looked: int
    unknown: int
    whole: bool


class Emergency(Schema):
    """ratified: due, ratified, rejected or overdue; why: of its end."""

    id: int
    kind: str
    value: str
    do: str
    reason: str
    officer: Who
    at: datetime
    until: datetime
    ratified: str
    approver: Who | None
    ended: datetime | None
    why: str
    touched: int


@operation(router, "GET", "/emergencies", act="rules.see", scope="read:rules", page="emergencies", response=list[Emergency])
def list_emergencies(request: Call, response: HttpResponse) -> list[Emergency]:
    """List emergency rules, newest first."""
    require(request, "rules.see")
    return pagination.rows(request, response, Row.objects.select_related("officer", "approver"), _emergency, by="-pk")


@operation(router, "GET", ONE, act="rules.see", scope="read:rules", page="emergency", response=Emergency)
def read_emergency(request: Call, id: int) -> Emergency:
    """Read one emergency rule."""
    require(request, "rules.see")
    return _emergency(get_object_or_404(Row.objects.select_related("officer", "approver"), pk=id))


def _emergency(e: Row) -> Emergency:
    return Emergency(
        id=e.pk, kind=e.kind, value=e.value, do=e.do, reason=e.reason, officer=who(e.officer), at=e.at, until=e.until,
        ratified=e.ratified, approver=maybe(e.approver), ended=e.ended, why=e.why, touched=e.touched,
    )  # fmt: skip


def _touched(counted: Counted) -> Touched:
    return Touched(touched=counted.touched, looked=counted.looked, unknown=counted.unknown, whole=counted.whole)


act_operation(router, COUNT_EMERGENCY, Touched, _touched)
for act in (MAKE_EMERGENCY, DECIDE_EMERGENCY, STOP_EMERGENCY):
    act_operation(router, act, Emergency, _emergency)
