"""Departments: heads, place in the tree, open or closed (P-04)."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.directory.models import Department
from civicmail.city.identity.acts import departments
from civicmail.city.identity.lists.departments import DEPARTMENTS
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import etags
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, who

router = Router(tags=["Departments"])
ONE = "/departments/{slug:department}"
list_operation(router, DEPARTMENTS)


class OneDepartment(RowSchema):
    """A department. parent: code of the one above; mailbox_cost: cents a year."""

    code: str
    name: str
    parent: str
    head: Who | None
    deputies: list[Who]
    mailbox_cost: int
    closed: date | None


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
    return OneDepartment.from_row(d, parent=parent, deputies=deputies)


act_operation(router, departments.OPEN_DEPARTMENT, OneDepartment, _body)
for act in departments.ON_DEPARTMENTS:
    act_operation(router, act, OneDepartment, _body, shown=_body)
