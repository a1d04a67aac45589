"""Attestations and leavers of departments (P-08, P-28)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema

from civicmail.city.conduct import half_year
from civicmail.city.conduct.acts.leavers import ANSWER_LEAVER, COUNT_ACCOUNT, DECIDE_CLOSURE
from civicmail.city.conduct.acts.statements import SIGN_STATEMENT
from civicmail.city.conduct.lists.leavers import CLOSURES, LEAVERS
from civicmail.city.conduct.lists.statements import DEPARTMENT_STATEMENTS, STATEMENTS
from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import statement_sections
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.pages.act_pages import row_of
from civicmail.city.pages.city_request import require
from civicmail.city.pages.months import last_months
from civicmail.front.web import home_charts
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.department_report import MONTHS

router = Router(tags=["Departments answer"])


class Said(Schema):
    """One line: what, value, note."""

    what: str
    value: str
    note: str


class Part(Schema):
    """One section, under its clause."""

    clause: str
    title: str
    lines: list[Said]


STATEMENT_ROW = list_operation(router, STATEMENTS)
list_operation(router, DEPARTMENT_STATEMENTS, STATEMENT_ROW)
LEAVER_ROW = list_operation(router, LEAVERS)
CLOSURE_ROW = list_operation(router, CLOSURES)


class OneStatement(STATEMENT_ROW.schema):  # type: ignore[misc, name-defined]  # made at run time
    """remarks: what is not in order; sections: as they stand now, or as they were signed."""

    remarks: str
    sections: list[Part]


# -- statements


class ReportMonth(Schema):
    """A month of a department. hours: until files are decided, none without an answer; hours_city: median of all departments."""

    month: date
    hours: float | None
    hours_city: float | None
    counts: dict[str, int]


@operation(
    router, "GET", "/departments/{slug:department}/report", act="statement.see", scope="read:conduct", page="department-report",
    response=list[ReportMonth],
)  # fmt: skip
def read_department_report(request: Call, department: str) -> list[ReportMonth]:
    """Read the sums of a department for twelve months, oldest first."""
    require(request, "statement.see", InDepartment(department))
    months = last_months(timezone.localdate(request.now), MONTHS)
    _, sums = home_charts.sums_since(months[0])
    city = home_charts.city_median(months, sums, home_charts.hours)
    return [
        ReportMonth(month=m, hours=home_charts.hours(sums[department, m]), hours_city=median, counts=dict(sums[department, m]))
        for m, median in zip(months, city, strict=True)
    ]


@operation(
    router, "GET", "/departments/{slug:department}/statements/{str:half}", act="statement.see", scope="read:conduct",
    page="statement", response=OneStatement,
)  # fmt: skip
def read_statement(request: Call, department: str, half: str) -> OneStatement:
    """Read an attestation with its figures, current or as signed. half: like 2026-1."""
    now = epoch_ms(request.now)
    row = row_of(SIGN_STATEMENT, department, half, actor=request.actor, now=now)
    return _whole(row, _sections(row, now))


def _sections(row: Statement, now: int) -> Any:
    """As they were signed, or as they stand now."""
    if row.state != "open":
        return row.numbers
    period = half_year.parse(row.half)
    assert period is not None, "its address was read already"
    return statement_sections.sections(row.department, period, now)


def _whole(row: Statement, sections: Any) -> OneStatement:
    parts = [
        Part(
            clause=section["clause"], title=section["title"],
            lines=[Said(what=str(what), value=str(value), note=str(note)) for what, value, note in section["lines"]],
        )
        for section in sections
    ]  # fmt: skip
    return OneStatement(**STATEMENT_ROW.values(row), remarks=row.remarks, sections=parts)


act_operation(router, SIGN_STATEMENT, OneStatement, lambda row: _whole(row, row.numbers))


# -- who left


@operation(
    router, "GET", "/departments/{slug:department}/leavers/{int:id}", act="roster.see", scope="read:conduct", page="left",
    response=LEAVER_ROW.schema,
)  # fmt: skip
def read_leaver(request: Call, department: str, id: int) -> Schema:
    """Read a leaver; `read_ending` has the times at each entry point."""
    return LEAVER_ROW(row_of(ANSWER_LEAVER, department, id, actor=request.actor, now=epoch_ms(request.now)))


act_operation(router, ANSWER_LEAVER, LEAVER_ROW.schema, LEAVER_ROW)


@operation(
    router, "GET", "/closures/{int:id}", act="account.closed", scope="read:conduct", page="closure", response=CLOSURE_ROW.schema
)
def read_closure(request: Call, id: int) -> Schema:
    """Read an account closure: the count, and finally the certificate."""
    row = get_object_or_404(CLOSURES.queryset(), pk=id)
    require(request, "account.closed", InDepartment(row.department.code))
    return CLOSURE_ROW(row)


act_operation(router, COUNT_ACCOUNT, CLOSURE_ROW.schema, CLOSURE_ROW)
act_operation(router, DECIDE_CLOSURE, CLOSURE_ROW.schema, lambda done: CLOSURE_ROW(done[1]))
