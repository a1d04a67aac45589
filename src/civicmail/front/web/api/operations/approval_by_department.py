"""Approval by department: which departments require it, its cost, and the approval report (P-22)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import require
from civicmail.core.config.clock import now_ms
from civicmail.desk.holding import approval_switches
from civicmail.desk.holding.approval_switches import ApprovalSwitch
from civicmail.desk.holding.lists.approvals import APPROVAL_REPORT
from civicmail.desk.oversight.acts.department_approval import ACTS
from civicmail.desk.oversight.queries.approval_forecast import forecast_for
from civicmail.desk.oversight.views.department_approval import STATES
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations.files import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, shown_as

ONE = "/asked-departments/{slug:department}"


class Asked(Schema):
    """state: undecided, off, waits (for the head, where many questions are foreseen) or on; acts: whether files wait now; forecast:
    questions of a manager and working day, in tenths; by, reason: of the decision."""

    department: str
    state: Annotated[str, shown_as(STATES)]
    acts: bool
    forecast: int
    since: datetime | None
    by: Who | None
    reason: str
    head: Who | None
    head_reason: str


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
    return _now(get_object_or_404(Department, code=department, closed__isnull=True))


def _now(of: Department) -> Asked:
    return _department(of, approval_switches.switch_of(of), forecast_for(now_ms()).tenths(of.code))


for act in ACTS:
    act_operation(router, act, Asked, _now)


def _department(of: Department, stand: ApprovalSwitch, tenths: int) -> Asked:
    row, off = stand.on, stand.off
    if row is None:
        return Asked(
            department=of.code, state=stand.state, acts=stand.acts, forecast=tenths, since=None, by=maybe(off.by) if off else None,
            reason=off.reason if off else "", head=None, head_reason="",
        )  # fmt: skip
    return Asked(
        department=of.code, state=stand.state, acts=stand.acts, forecast=tenths, since=row.since, by=maybe(row.by),
        reason=row.reason, head=maybe(row.head), head_reason=row.head_reason,
    )  # fmt: skip


list_operation(router, APPROVAL_REPORT)
