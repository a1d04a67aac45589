"""Attestations and leavers of departments (P-08, P-28)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.conduct import half_year
from civicmail.city.conduct.acts.leavers import ANSWER_LEAVER, COUNT_ACCOUNT, DECIDE_CLOSURE
from civicmail.city.conduct.acts.statements import SIGN_STATEMENT
from civicmail.city.conduct.models import Closure, Leaver, Statement
from civicmail.city.conduct.queries import closures, leavers, statement_sections
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.act_pages import row_of
from civicmail.city.pages.city_request import require
from civicmail.core.config.clock import now_ms
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

router = Router(tags=["Departments answer"])


class StatementLine(Schema):
    """A department's statement of half a year. state: open, signed or exceptions."""

    department: str
    half: str
    state: str
    due: date
    overdue: bool
    signed: datetime | None
    person: Who | None


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


class OneStatement(StatementLine):
    """remarks: what is not in order; sections: as they stand now, or as they were signed."""

    remarks: str
    sections: list[Part]


class Left(Schema):
    """Somebody who left. choice: reply, forward, successor or nothing, empty until the department has said it; red: not said in
    time; ending: of access, as `read_ending` reads it."""

    id: int
    person: Who
    mailbox: str
    department: str
    ended: datetime
    ending: int
    told: datetime
    choice: str
    red: bool
    answered: datetime | None
    by: Who | None


class Closed(Schema):
    """The end of an account, with what was counted before: the certificate. state: counting, counted, ordered, closed, stopped or
    dropped; live: messages in the live copy; brought: of them, those that the archive lacked; sha256: of the certificate."""

    id: int
    mailbox: str
    department: str
    state: str
    asked: datetime
    by: Who
    reason: str
    live: int
    size: int
    brought: int
    holds: int
    cost: int
    closed: datetime | None
    sha256: str
    problem: str


# -- statements


@operation(
    router, "GET", "/statements", act="statements.see", scope="read:conduct", page="all-statements", response=list[StatementLine]
)  # fmt: skip
def list_statements(request: Call, response: HttpResponse) -> list[StatementLine]:
    """List attestations of all departments, newest first."""
    require(request, "statements.see")
    rows = Statement.objects.select_related("department", "person")
    return pagination.rows(request, response, rows, lambda row: StatementLine(**_statement(row)), by="-pk")


@operation(
    router, "GET", "/departments/{slug:department}/statements", act="statement.see", scope="read:conduct", page="statements",
    response=list[StatementLine],
)  # fmt: skip
def list_department_statements(request: Call, response: HttpResponse, department: str) -> list[StatementLine]:
    """List attestations of a department, newest first."""
    where = department_of(department)
    require(request, "statement.see", InDepartment(where.code))
    rows = Statement.objects.filter(department=where).select_related("department", "person")
    return pagination.rows(request, response, rows, lambda row: StatementLine(**_statement(row)), by="-pk")


@operation(
    router, "GET", "/departments/{slug:department}/statements/{str:half}", act="statement.see", scope="read:conduct",
    page="statement", response=OneStatement,
)  # fmt: skip
def read_statement(request: Call, department: str, half: str) -> OneStatement:
    """Read an attestation with its figures, current or as signed. half: like 2026-1."""
    now = epoch_ms(request.now)
    row = row_of(SIGN_STATEMENT, department, half, actor=request.actor, now=now)
    return _whole(row, _sections(row, now))


def _statement(row: Statement) -> dict[str, Any]:
    return {
        "department": row.department.code, "half": row.half, "state": row.state, "due": row.due,
        "overdue": row.overdue is not None and row.state == "open", "signed": row.signed, "person": maybe(row.person),
    }  # fmt: skip


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
    return OneStatement(**_statement(row), remarks=row.remarks, sections=parts)


act_operation(router, SIGN_STATEMENT, OneStatement, lambda row: _whole(row, row.numbers))


# -- who left


@operation(
    router, "GET", "/departments/{slug:department}/leavers", act="roster.see", scope="read:conduct", page="leavers",
    response=list[Left],
)  # fmt: skip
def list_leavers(request: Call, response: HttpResponse, department: str) -> list[Left]:
    """List leavers about whom a department was asked, newest first."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    now = epoch_ms(request.now)
    return pagination.rows(request, response, leavers.of_departments([where.code]), lambda row: _left(row, now), by="-pk")


@operation(
    router, "GET", "/departments/{slug:department}/leavers/{int:id}", act="roster.see", scope="read:conduct", page="left",
    response=Left,
)  # fmt: skip
def read_leaver(request: Call, department: str, id: int) -> Left:
    """Read a leaver; `read_ending` has the times at each entry point."""
    return _left(row_of(ANSWER_LEAVER, department, id, actor=request.actor, now=epoch_ms(request.now)), epoch_ms(request.now))


def _left(row: Leaver, now: int) -> Left:
    return Left(
        id=row.pk, person=who(row.ending.person), mailbox=row.mailbox.address, department=row.department.code,
        ended=row.ending.when, ending=row.ending_id, told=row.told, choice=row.choice, red=leavers.is_overdue(row, now),
        answered=row.answered, by=maybe(row.person),
    )  # fmt: skip


act_operation(router, ANSWER_LEAVER, Left, lambda row: _left(row, now_ms()))


@operation(router, "GET", "/closures", act="reconcile.see", scope="read:conduct", page="closures", response=list[Closed])
def list_closures(request: Call, response: HttpResponse) -> list[Closed]:
    """List closed accounts and those in closure, newest first."""
    require(request, "reconcile.see")
    return pagination.rows(request, response, Closure.objects.select_related(*closures.WITH), closed, by="-pk")


@operation(router, "GET", "/closures/{int:id}", act="account.closed", scope="read:conduct", page="closure", response=Closed)
def read_closure(request: Call, id: int) -> Closed:
    """Read an account closure: the count, and finally the certificate."""
    row = get_object_or_404(Closure.objects.select_related(*closures.WITH), pk=id)
    require(request, "account.closed", InDepartment(row.department.code))
    return closed(row)


def closed(row: Closure) -> Closed:
    """A closure as a program reads it; read with closures.WITH."""
    return Closed(
        id=row.pk, mailbox=row.mailbox.address, department=row.department.code, state=row.state, asked=row.asked, by=who(row.by),
        reason=row.reason, live=row.live, size=row.size, brought=row.brought, holds=row.holds, cost=row.cost, closed=row.closed,
        sha256=row.sha256, problem=row.problem,
    )  # fmt: skip


act_operation(router, COUNT_ACCOUNT, Closed, closed)
act_operation(router, DECIDE_CLOSURE, Closed, lambda done: closed(done[1]))
