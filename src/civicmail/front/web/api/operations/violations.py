"""Violations: report, record, read, the person's answer (P-09, P-30). No message text. Findings and decisions are in cases.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.resources import InDepartment, OfPerson
from civicmail.city.access.views.city_request import hidden_unless, me, require
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.views import violation_forms as typed
from civicmail.city.conduct.views.my_violations import Answering, asks, visible_to
from civicmail.city.conduct.views.violations import doable, violation_or_404
from civicmail.city.directory.models import Person
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe

router = Router(tags=["Violations"])


class ViolationLine(Schema):
    """A case. source: person, outside, reviewer or recorded; state: reported, recorded, confirmed, proposed, unfounded, noted,
    decided, appealed, upheld, overturned or reversed; outcome: none, warning, suspension, restriction, ended or permanent."""

    id: int
    made: datetime
    person: Who | None
    department: str
    agency: str
    clause: str
    source: str
    state: str
    outcome: str
    until: datetime | None


class Case(ViolationLine):
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


class MyViolation(Schema):
    """What was reported about me; never by whom. asks: response, appeal, or empty where nothing can be said now."""

    id: int
    made: datetime
    clause: str
    state: str
    respond_by: datetime | None
    response: str
    outcome: str
    asks: str


class Report(Schema):
    """whose: other (with person: number or address), or me, for one's own mistake; clause: like P-14; what: in own words, without
    copying mail; evidence: numbers of messages."""

    whose: str
    person: str = ""
    clause: str
    what: str
    evidence: tuple[str, ...] = ()


class Record(Schema):
    """clause, what, evidence: as of a report; evidence is needed."""

    clause: str
    what: str
    evidence: tuple[str, ...]


class MyAnswer(Schema):
    """text: at least ten characters."""

    text: str


class Reported(Schema):
    """The number of the case."""

    id: int


@operation(
    router, "GET", "/violations", act="violations.see", scope="read:violations", page="violations", response=list[ViolationLine]
)
def list_violations(request: Call, response: HttpResponse, state: str = "") -> list[ViolationLine]:
    """List all violation cases, newest first. state: only those."""
    require(request, "violations.see")
    return _lines(request, response, state)


@operation(
    router, "GET", "/departments/{slug:department}/violations", act="violation.see", scope="read:violations",
    page="dept-violations", response=list[ViolationLine],
)  # fmt: skip
def list_department_violations(request: Call, response: HttpResponse, department: str, state: str = "") -> list[ViolationLine]:
    """List violation cases of a department, newest first. state: only those."""
    where = department_of(department)
    require(request, "violation.see", InDepartment(where.code))
    return _lines(request, response, state, department=where)


def _lines(request: Call, response: HttpResponse, state: str, **which: Any) -> list[ViolationLine]:
    rows = Violation.objects.filter(**which).select_related("person", "department", "agency")
    rows = rows.filter(state=state) if state else rows
    return pagination.rows(request, response, rows, lambda v: ViolationLine(**_plain(v)), by="-pk")


@operation(
    router, "GET", "/departments/{slug:department}/violations/{int:id}", act="violation.see", scope="read:violations",
    page="violation", response=Case,
)  # fmt: skip
def read_violation(request: Call, department: str, id: int) -> Case:
    """Read a case, from report to appeal."""
    require(request, "violation.see", InDepartment(department_of(department).code))
    return case(violation_or_404(request, department, id))


def case(v: Violation) -> Case:
    """One case as a program reads it."""
    return Case(
        **_plain(v), what=v.what, own=v.own, response=v.response, respond_by=v.respond_by,
        finding=v.finding, decider=maybe(v.decider), decided=v.decided, next=doable(v),
        evidence=list(v.evidence.order_by("id").values_list("capture", flat=True)),
    )  # fmt: skip


def _plain(v: Violation) -> dict[str, Any]:
    return {
        "id": v.pk, "made": v.made, "person": maybe(v.person), "department": v.department.code if v.department else "",
        "agency": v.agency.code if v.agency else "", "clause": v.clause, "source": v.source, "state": v.state,
        "outcome": v.outcome, "until": v.until,
    }  # fmt: skip


@operation(
    router, "POST", "/violations", act="violation.report", scope="write:violations", page="violation-new", response=Reported,
    status=201,
)  # fmt: skip
def report_violation(request: Call, body: Report) -> Reported:
    """Report a violation, one's own or another's."""
    require(request, "violation.report")
    form = typed.Report(request_bodies.plain(body, evidence=" ".join(body.evidence)))
    c = request_bodies.checked(form)

    def do() -> Reported:
        who = me(request) if c["whose"] == "me" else c["person"]
        made = violation_reports.report(who, c["clause"], c["what"], form.numbers(), actor=request.actor, now=epoch_ms(request.now))
        return Reported(id=made.pk)

    return once(request, do)


@operation(
    router, "POST", "/people/{str:uid}/violations", act="violation.record", scope="write:violations", page="violation-record",
    response=Reported, status=201,
)  # fmt: skip
def record_violation(request: Call, uid: str, body: Record) -> Reported:
    """Record a violation by somebody who works for an agency: their access ends with it, at every door. A wrong record is taken
    back by somebody else, on the pages."""
    who = get_object_or_404(Person, uid=uid)
    hidden_unless(request, "violation.record", violation_parties.about(who))
    work = violation_parties.work_of(who)
    if work is None or work.contract is None or work.ended is not None:
        raise Http404
    form = typed.Record(request_bodies.plain(body, evidence=" ".join(body.evidence)))
    c = request_bodies.checked(form)

    def do() -> Reported:
        made = violation_reports.record(who, c["clause"], c["what"], form.numbers(), actor=request.actor, now=epoch_ms(request.now))
        return Reported(id=made.pk)

    return once(request, do)


@operation(router, "GET", "/me/violations", act="my.violations", scope="read:me", page="my-violations", response=list[MyViolation])
def list_my_violations(request: Call, response: HttpResponse) -> list[MyViolation]:
    """List cases about me with my next step, newest first."""
    require(request, "my.violations", OfPerson(me(request).uid))
    now = epoch_ms(request.now)
    return pagination.slices(request, response, visible_to(request), lambda v: _mine(v, now), key=lambda v: str(v.pk))


@operation(
    router, "POST", "/me/violations/{int:id}/answer", act="my.violations", scope="write:me", page="my-violation",
    response=MyViolation,
)  # fmt: skip
def answer_my_violation(request: Call, id: int, body: MyAnswer) -> MyViolation:
    """Respond to a report about me, or appeal a decision, whichever is due."""
    require(request, "my.violations", OfPerson(me(request).uid))
    row = next((v for v in visible_to(request) if v.pk == id), None)
    if row is None:
        raise Http404
    now, text = epoch_ms(request.now), request_bodies.checked(Answering(request_bodies.plain(body)))["text"]
    request_kind = asks(row, now)
    as_seen(request, bool(request_kind), True, "Nothing is asked of you here now.")

    def do() -> MyViolation:
        verb = consequences.appeal if request_kind == "appeal" else findings.respond
        return _mine(verb(row, text, actor=request.actor, now=now), now)

    return once(request, do)


def _mine(v: Violation, now: int) -> MyViolation:
    outcome = v.outcome if v.decided is not None else ""
    return MyViolation(
        id=v.pk, made=v.made, clause=v.clause, state=v.state, respond_by=v.respond_by, response=v.response, outcome=outcome,
        asks=asks(v, now),
    )  # fmt: skip
