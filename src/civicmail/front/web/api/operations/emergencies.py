"""Emergency rules: count, make, decide, end (P-25, P-29)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.views.city_request import require
from civicmail.desk.oversight import emergencies, emergency_count
from civicmail.desk.oversight.actions import emergencies as verbs
from civicmail.desk.oversight.emergency_count import Counted
from civicmail.desk.oversight.models import Emergency as Row
from civicmail.desk.oversight.views.decide_rule_page import Answer
from civicmail.desk.oversight.views.emergencies import EmergencyForm, ReasonForm
from civicmail.desk.viewer.queries import store
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.rules import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who
from civicmail.mail.screening.enabled_checks import is_screened

ONE = "/emergencies/{int:id}"


class Stopping(Schema):
    """kind: by what it is known, value: which one; do: refuse or quarantine; hours: 4, 24, 48 or 72; reason: what happens."""

    kind: str
    value: str
    do: str
    hours: int = 24
    reason: str


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


class EmergencyAnswer(Schema):
    """decision: approve, it was right, or refuse; ratified: as it was seen."""

    decision: str
    reason: str
    ratified: str = "due"


class EmergencyEnd(Schema):
    """reason: in at least ten characters."""

    reason: str


@operation(router, "GET", "/emergencies", act="rules.see", scope="read:rules", page="emergencies", response=list[Emergency])
def list_emergencies(request: Call, response: HttpResponse) -> list[Emergency]:
    """List emergency rules, newest first."""
    require(request, "rules.see")
    return pagination.rows(request, response, Row.objects.select_related("officer", "approver"), _emergency, by="-pk")


@operation(router, "GET", ONE, act="rules.see", scope="read:rules", page="emergency", response=Emergency)
def read_emergency(request: Call, id: int) -> Emergency:
    """Read one emergency rule."""
    require(request, "rules.see")
    return _emergency(_row(id))


@operation(router, "POST", "/emergencies/count", act="emergency.make", scope="write:rules", page="emergency-new", response=Touched)
def count_emergency(request: Call, body: Stopping) -> Touched:
    """Count what it would have stopped in the last days. Stops nothing."""
    require(request, "emergency.make")
    count = _counted(request, _conditions(body))
    return Touched(touched=count.touched, looked=count.looked, unknown=count.unknown, whole=count.whole)


@operation(
    router, "POST", "/emergencies", act="emergency.make", scope="write:rules", page="emergency-new", response=Emergency, status=201
)
def make_emergency(request: Call, body: Stopping) -> Emergency:
    """Make an emergency rule for some hours, in force at once; its count is stored, and a second person decides afterwards."""
    require(request, "emergency.make")
    c = _conditions(body)
    touched = _counted(request, c).touched

    def do() -> Emergency:
        made = verbs.make(
            c["kind"], c["value"], c["do"], c["hours"], touched=touched, actor=request.actor, reason=c["reason"],
            now=epoch_ms(request.now),
        )  # fmt: skip
        return _emergency(made)

    return once(request, do)


@operation(router, "POST", f"{ONE}/decide", act="emergency.decide", scope="write:rules", page="emergency-decide",
           response=Emergency)  # fmt: skip
def decide_emergency(request: Call, id: int, body: EmergencyAnswer) -> Emergency:
    """Decide, as a second person, whether it was right."""
    row = _row(id)
    require(request, "emergency.decide", verbs.resource(row))
    as_seen(request, row.ratified, body.ratified, "Somebody has answered it meanwhile; read it again.")
    c = request_bodies.checked(Answer({**request_bodies.plain(body), "revision": 0}))
    verb = verbs.ratify if c["decision"] == "approve" else verbs.reject

    def do() -> Emergency:
        verb(row, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
        return _emergency(_row(id))

    return once(request, do)


@operation(router, "POST", f"{ONE}/stop", act="rules.see", scope="write:rules", page="emergency-stop", response=Emergency)
def stop_emergency(request: Call, id: int, body: EmergencyEnd) -> Emergency:
    """End it early, as its author or as a second person."""
    row = _row(id)
    own = request.actor.uid == row.officer.uid
    require(request, "emergency.make" if own else "emergency.decide", verbs.resource(row))
    reason = request_bodies.checked(ReasonForm(request_bodies.plain(body)))["reason"]

    def do() -> Emergency:
        verbs.stop(row, actor=request.actor, reason=reason, now=epoch_ms(request.now))
        return _emergency(_row(id))

    return once(request, do)


def _conditions(body: Stopping) -> dict[str, Any]:
    c = request_bodies.checked(EmergencyForm({**request_bodies.plain(body), "hours": str(body.hours)}))
    if c["kind"] not in emergencies.ENVELOPE and not is_screened(settings.CITY.screening):
        problem = "Nobody looks into messages here (screening.checks), so only a sender or a domain can be stopped."
        raise Unusable(problem, {"kind": problem})
    return c


def _counted(request: Call, c: dict[str, Any]) -> Counted:
    screened = is_screened(settings.CITY.screening)
    return emergency_count.count(store().data, c["kind"], c["value"], c["do"], epoch_ms(request.now), screened=screened)


def _row(id_: int) -> Row:
    return get_object_or_404(Row.objects.select_related("officer", "approver"), pk=id_)


def _emergency(e: Row) -> Emergency:
    return Emergency(
        id=e.pk, kind=e.kind, value=e.value, do=e.do, reason=e.reason, officer=who(e.officer), at=e.at, until=e.until,
        ratified=e.ratified, approver=maybe(e.approver), ended=e.ended, why=e.why, touched=e.touched,
    )  # fmt: skip
