"""Violations: report, record, read, the person's answer (P-09, P-30). No message text. Findings and decisions are in cases.py."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router, Schema

from civicmail.city.conduct.actions.consequences import pending_answer
from civicmail.city.conduct.acts.violations import ANSWER_MY_VIOLATION, RECORD_VIOLATION, REPORT_VIOLATION
from civicmail.city.conduct.lists.violations import DEPARTMENT_VIOLATIONS, VIOLATIONS
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries.violations import known_to
from civicmail.city.conduct.views.my_violations import STATES
from civicmail.city.conduct.views.violations import doable, violation_or_404
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment, OfPerson
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import me, require
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, maybe, shown_as

router = Router(tags=["Violations"])


VIOLATION_ROW = list_operation(router, VIOLATIONS)
list_operation(router, DEPARTMENT_VIOLATIONS, VIOLATION_ROW)


class Case(VIOLATION_ROW.schema):  # type: ignore[misc, name-defined]  # made at run time
    """evidence: numbers of messages; next: what the case waits for, by the names of its pages."""

    what: str
    own: bool
    response: str
    respond_by: datetime | None
    finding: str
    decider: Who | None
    decided: datetime | None
    evidence: list[str]
    next: list[str]


class MyViolation(RowSchema):
    """What was reported about me; never by whom. asks: response, appeal, or empty where nothing can be said now."""

    id: int
    made: datetime
    clause: str
    state: Annotated[str, shown_as(STATES)]
    respond_by: datetime | None
    response: str
    outcome: str
    asks: str


class Reported(Schema):
    """The number of the case."""

    id: int


@operation(
    router, "GET", "/departments/{slug:department}/violations/{int:id}", act="violation.see", scope="read:violations",
    page="violation", response=Case,
)  # fmt: skip
def read_violation(request: Call, department: str, id: int) -> Case:
    """Read a case, from report to appeal."""
    require(request, "violation.see", InDepartment(department_of(department).code))
    return case(violation_or_404(department, id))


def case(v: Violation) -> Case:
    """One case as a program reads it."""
    return Case(
        **VIOLATION_ROW.values(v), what=v.what, own=v.own, response=v.response, respond_by=v.respond_by,
        finding=v.finding, decider=maybe(v.decider), decided=v.decided, next=doable(v),
        evidence=list(v.evidence.order_by("id").values_list("capture", flat=True)),
    )  # fmt: skip


act_operation(router, REPORT_VIOLATION, Reported, lambda made: Reported(id=made.pk))
act_operation(router, RECORD_VIOLATION, Reported, lambda made: Reported(id=made.case.pk))


@operation(router, "GET", "/me/violations", act="my.violations", scope="read:me", page="my-violations", response=list[MyViolation])
def list_my_violations(request: Call, response: HttpResponse) -> list[MyViolation]:
    """List cases about me with my next step, newest first."""
    require(request, "my.violations", OfPerson(me(request).uid))
    now, rows = epoch_ms(request.now), list(known_to(me(request).uid))
    return pagination.slices(request, response, rows, lambda v: _mine(v, pending_answer(v, now)), key=lambda v: str(v.pk))


def _mine(v: Violation, asks: str = "") -> MyViolation:
    outcome = v.outcome if v.decided is not None else ""
    return MyViolation.from_row(v, outcome=outcome, asks=asks)


act_operation(router, ANSWER_MY_VIOLATION, MyViolation, _mine)
