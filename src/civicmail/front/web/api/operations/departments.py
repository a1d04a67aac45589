"""Departments: heads, place in the tree, open or closed (P-04)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import organization
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.queries import office
from civicmail.city.access.views.city_request import require
from civicmail.city.access.views.officeforms import ChangeDepartment, Lead, NewDepartment, Place
from civicmail.city.directory.models import Department
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

router = Router(tags=["Departments"])
ONE = "/departments/{slug:department}"


class OneDepartment(Schema):
    """A department. parent: code of the one above; mailbox_cost: cents a year."""

    code: str
    name: str
    parent: str
    head: Who | None
    deputies: list[Who]
    mailbox_cost: int
    closed: date | None


class DepartmentLine(Schema):
    """people, access, waiting: how many work there, have access, wait for an answer."""

    code: str
    name: str
    parent: str
    head: Who | None
    people: int
    access: int
    waiting: int


class DepartmentWords(request_bodies.Because):
    """cost: dollars a year for one mailbox."""

    name: str
    cost: Decimal = Decimal(0)


class DepartmentToOpen(DepartmentWords):
    """code: small letters, digits and dashes, for ever; parent: code, or empty."""

    code: str
    parent: str = ""


class Leading(request_bodies.Because):
    """head: number or address, empty for nobody; deputies: the same."""

    head: str = ""
    deputies: tuple[str, ...] = ()


class Placing(request_bodies.Because):
    """parent: code of the department above, empty for none."""

    parent: str = ""


@operation(router, "GET", "/departments", act="duty.see", scope="read:people", page="departments", response=list[DepartmentLine])
def list_departments(request: Call, response: HttpResponse) -> list[DepartmentLine]:
    """List open departments by code."""
    require(request, "duty.see")
    return pagination.rows(request, response, office.departments().select_related("parent", "head"), _line, by="code")


def _line(d: Any) -> DepartmentLine:
    parent = d.parent.code if d.parent else ""
    return DepartmentLine(
        code=d.code, name=d.name, parent=parent, head=maybe(d.head), people=d.people, access=d.access, waiting=d.waiting
    )


@operation(router, "GET", ONE, act="duty.see", scope="read:people", page="department", response=OneDepartment)
def read_department(request: Call, response: HttpResponse, department: str) -> OneDepartment:
    """Read a department: head, deputies, place in the tree."""
    require(request, "duty.see")
    return etags.with_etag(response, _body(_the(department)))


def _the(code: str) -> Department:
    return get_object_or_404(Department.objects.select_related("head", "parent"), code=code)


def _body(d: Department) -> OneDepartment:
    deputies = [who(p) for p in d.deputies.order_by("uid")]
    parent = d.parent.code if d.parent else ""
    return OneDepartment(
        code=d.code, name=d.name, parent=parent, head=maybe(d.head), deputies=deputies, mailbox_cost=d.mailbox_cost, closed=d.closed
    )


@operation(
    router,
    "POST",
    "/departments",
    act="department.change",
    scope="write:people",
    page="department-new",
    response=OneDepartment,
    status=201,
)
def open_department(request: Call, body: DepartmentToOpen) -> OneDepartment:
    """Add a department, at the top or below another one."""
    require(request, "department.change")
    c = request_bodies.checked(NewDepartment(_open_ones(), request_bodies.plain(body)))
    parent = Department.objects.get(code=c["parent"]) if c["parent"] else None

    def do() -> OneDepartment:
        made = organization.make_department(
            c["code"], c["name"], parent=parent, mailbox_cost=round(100 * (c["cost"] or 0)), actor=request.actor,
            reason=c["reason"], now=epoch_ms(request.now),
        )  # fmt: skip
        return _body(made)

    return once(request, do)


def _open_ones(besides: str = "") -> list[tuple[str, str]]:
    rows = Department.objects.filter(closed__isnull=True).exclude(code=besides)
    return [("", ""), *rows.values_list("code", "name")]


@operation(router, "PATCH", ONE, act="department.change", scope="write:people", page="department-change", response=OneDepartment)
def change_department(request: Call, response: HttpResponse, department: str, body: DepartmentWords) -> OneDepartment:
    """Change the name and the cost of a mailbox; the code stays."""
    require(request, "department.change")
    c = request_bodies.checked(ChangeDepartment(request_bodies.plain(body)))

    def do(d: Department, act: dict[str, Any]) -> None:
        organization.change_department(d, c["name"], round(100 * (c["cost"] or 0)), **act)

    return _changed(request, response, department, c["reason"], do)


@operation(
    router, "POST", f"{ONE}/lead", act="department.change", scope="write:people", page="department-lead", response=OneDepartment
)
def lead_department(request: Call, response: HttpResponse, department: str, body: Leading) -> OneDepartment:
    """Set head and deputies, who decide about access."""
    require(request, "department.change")
    c = request_bodies.checked(Lead(request_bodies.plain(body)))
    return _changed(
        request, response, department, c["reason"], lambda d, act: organization.lead_department(d, c["head"], c["deputies"], **act)
    )


@operation(
    router, "POST", f"{ONE}/place", act="department.change", scope="write:people", page="department-place", response=OneDepartment
)
def place_department(request: Call, response: HttpResponse, department: str, body: Placing) -> OneDepartment:
    """Move a department in the tree, with its subdepartments."""
    require(request, "department.change")
    c = request_bodies.checked(Place(_open_ones(department), request_bodies.plain(body)))
    parent = Department.objects.get(code=c["parent"]) if c["parent"] else None
    return _changed(request, response, department, c["reason"], lambda d, act: organization.place_department(d, parent, **act))


@operation(
    router, "POST", f"{ONE}/close", act="department.change", scope="write:people", page="department-close", response=OneDepartment
)
def close_department(request: Call, response: HttpResponse, department: str, body: request_bodies.Because) -> OneDepartment:
    """Close a department; it must be empty."""
    require(request, "department.change")
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    return _changed(request, response, department, c["reason"], lambda d, act: organization.close_department(d, **act))


@operation(
    router, "POST", f"{ONE}/reopen", act="department.change", scope="write:people", page="department-reopen", response=OneDepartment
)
def reopen_department(request: Call, response: HttpResponse, department: str, body: request_bodies.Because) -> OneDepartment:
    """Reopen a closed department."""
    require(request, "department.change")
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    return _changed(request, response, department, c["reason"], lambda d, act: organization.reopen_department(d, **act))


def _changed(
    request: Call, response: HttpResponse, code: str, reason: str, do: Callable[[Department, dict[str, Any]], None]
) -> OneDepartment:
    """`If-Match` says what was seen; row and verb are one transaction."""
    with single_publication():
        Department.objects.select_for_update().filter(code=code).first()
        row = _the(code)
        etags.require(request, _body(row))
        do(row, {"actor": request.actor, "reason": reason, "now": epoch_ms(request.now)})
    return etags.with_etag(response, _body(_the(code)))
