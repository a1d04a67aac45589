"""Approval by department: which departments require it, its cost, and the approval report (P-22)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require, require_could
from civicmail.city.directory.models import Department
from civicmail.desk.holding import approval_switches
from civicmail.desk.holding.actions import switch_approval
from civicmail.desk.holding.approval_switches import ApprovalSwitch
from civicmail.desk.holding.models import ApprovalCopy, AskedDepartment
from civicmail.desk.oversight.views.department_approval import Why, forecast_for
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.files import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

ONE = "/asked-departments/{slug:department}"


class Asked(Schema):
    """state: undecided, off, waits (for the head, where many questions are foreseen) or on; acts: whether files wait now; forecast:
    questions of a manager and working day, in tenths; by, reason: of the decision."""

    department: str
    state: str
    acts: bool
    forecast: int
    since: datetime | None
    by: Who | None
    reason: str
    head: Who | None
    head_reason: str


class Switching(request_bodies.Because):
    """state: as it was read."""

    state: str


@operation(router, "GET", "/asked-departments", act="rules.see", scope="read:files", page="asked-departments", response=list[Asked])
def list_asked_departments(request: Call, response: HttpResponse) -> list[Asked]:
    """List departments: whether files need approval, and how many requests a day that makes."""
    require(request, "rules.see")
    departments: list[Department] = pagination.rows(
        request, response, Department.objects.filter(closed__isnull=True), lambda d: d, by="code"
    )
    forecast = forecast_for(epoch_ms(request.now))
    stand = approval_switches.all_switches()
    return [_department(d, stand[d.pk], forecast.tenths(d.code)) for d in departments]


@operation(router, "GET", ONE, act="rules.see", scope="read:files", page="asked-department", response=Asked)
def read_asked_department(request: Call, department: str) -> Asked:
    """Read one department's setting."""
    require(request, "rules.see")
    return _now(_of(department), epoch_ms(request.now))


@operation(router, "POST", f"{ONE}/on", act="approval.switch", scope="write:files", page="asked-department", response=Asked)
def ask_department(request: Call, department: str, body: Switching) -> Asked:
    """Require approval of a department's outbound files; if many requests are forecast, its head must agree."""
    require(request, "approval.switch")
    of, reason, now = *_seen(request, department, body, epoch_ms(request.now)), epoch_ms(request.now)

    def do() -> Asked:
        switch_approval.switch_on(of, forecast_for(now).tenths(of.code), actor=request.actor, reason=reason, now=now)
        return _now(of, now)

    return once(request, do)


@operation(router, "POST", f"{ONE}/agree", act="approval.agree", scope="write:files", page="asked-department", response=Asked)
def agree_to_be_asked(request: Call, department: str, body: Switching) -> Asked:
    """Agree as the department's head, in one's own words; it takes effect at once."""
    row, code = _rows().filter(department=_of(department)).first(), _of(department).code
    if row is None:
        require_could(request, "approval.agree", InDepartment(code))
    else:
        require(request, "approval.agree", switch_approval.agreement_resource(row))
    of, reason, now = *_seen(request, department, body, epoch_ms(request.now)), epoch_ms(request.now)

    def do() -> Asked:
        switch_approval.agree(_row(of), actor=request.actor, reason=reason, now=now)
        return _now(of, now)

    return once(request, do)


@operation(router, "POST", f"{ONE}/off", act="approval.switch", scope="write:files", page="asked-department", response=Asked)
def ask_department_no_more(request: Call, department: str, body: Switching) -> Asked:
    """Require no approval any more, or decide against it; pending requests are still answered."""
    require(request, "approval.switch")
    of, reason, now = *_seen(request, department, body, epoch_ms(request.now)), epoch_ms(request.now)

    def do() -> Asked:
        if approval_switches.switch_of(of).is_decided:
            switch_approval.switch_off(_row(of), actor=request.actor, reason=reason, now=now)
        else:
            switch_approval.decide_off(of, actor=request.actor, reason=reason, now=now)
        return _now(of, now)

    return once(request, do)


def _rows() -> QuerySet[AskedDepartment]:
    return AskedDepartment.objects.select_related("by", "head", "department")


def _of(code: str) -> Department:
    return get_object_or_404(Department, code=code, closed__isnull=True)


def _row(of: Department) -> AskedDepartment:
    row = _rows().filter(department=of).first()
    if row is None:
        raise Conflict("This department is not asked.")
    return row


def _seen(request: Call, code: str, body: Switching, now: int) -> tuple[Department, str]:
    of = _of(code)
    as_seen(request, _now(of, now).state, body.state, "It stands in another way by now; read it again.")
    reason: str = request_bodies.checked(Why(request_bodies.plain(body)))["reason"]
    return of, reason


def _now(of: Department, now: int) -> Asked:
    return _department(of, approval_switches.switch_of(of), forecast_for(now).tenths(of.code))


def _department(of: Department, stand: ApprovalSwitch, tenths: int) -> Asked:
    row, off = stand.on, stand.off
    if row is None:
        state = "off" if stand.is_decided else "undecided"
        return Asked(
            department=of.code, state=state, acts=stand.acts, forecast=tenths, since=None, by=maybe(off.by) if off else None,
            reason=off.reason if off else "", head=None, head_reason="",
        )  # fmt: skip
    return Asked(
        department=of.code, state="on" if row.since else "waits", acts=stand.acts, forecast=tenths, since=row.since,
        by=maybe(row.by), reason=row.reason, head=maybe(row.head), head_reason=row.head_reason,
    )  # fmt: skip


# -- who approved what


class FilesAnswered(Schema):
    """One answer for one recipient. sha256: of the files that it is about; without: of those that do not leave although others do;
    own: of files that the sender decided about."""

    id: int
    approval: int
    at: datetime
    state: str
    by: Who | None
    sender: Who
    department: str
    address: str
    sha256: list[str]
    without: list[str]
    own: bool
    asked: datetime
    reason: str


@operation(
    router,
    "GET",
    "/approvals/answers",
    act="approvals.see",
    scope="read:files",
    page="approvals-report",
    response=list[FilesAnswered],
)
def list_file_answers(request: Call, response: HttpResponse) -> list[FilesAnswered]:
    """List decided files, newest first: of the departments one answers for, for auditors of all."""
    require(request, "approvals.see")
    rows = ApprovalCopy.objects.filter(at__isnull=False).exclude(state="gone")
    if not request.actor.holds("auditor"):
        rows = rows.filter(approval__department__code__in=request.actor.departments)
    rows = rows.select_related("approval__person", "approval__department", "by")
    return pagination.rows(request, response, rows, _answered, by="-pk")


def _answered(c: ApprovalCopy) -> FilesAnswered:
    of = c.approval
    assert c.at is not None, "it was answered"
    return FilesAnswered(
        id=c.pk, approval=of.pk, at=c.at, state=c.state, by=maybe(c.by), sender=who(of.person), department=of.department.code,
        address=c.address, sha256=[part[3] for part in c.parts], without=c.without, own=of.own, asked=of.made, reason=c.reason,
    )  # fmt: skip
