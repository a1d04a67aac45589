"""The list of departments, and what lists of one department have in common (P-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.guard.errors import require_row
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Page, Parameter
from civicmail.city.pages.lists import Column, Filter, Link, List, ListRequest, Number, Operation, Somebody
from civicmail.city.pages.states import label

DEPARTMENT = {"department": Parameter("DEPARTMENT", "The code of a department.")}
"""What commands name a department by."""


def department_choices() -> list[tuple[str, str]]:
    """Code and name of each department."""
    from civicmail.city.directory.models import Department

    return list(Department.objects.order_by("name").values_list("code", "name"))


class DepartmentList(List):
    """A list of the department that its address names. department: lookup of it, from a row."""

    department = "department"
    above = "{}: people"
    """Words of the link to the people of the department."""

    def parent(self, **keys: Any) -> Any:
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import Department

        return get_object_or_404(Department, code=keys["department"])

    def find_parent(self, **keys: Any) -> Any:
        from civicmail.city.directory.models import Department

        return require_row(
            Department.objects.filter(code=keys["department"]).first(), f"The directory has no department {keys['department']}."
        )

    def resource(self, request: ListRequest) -> Resource:
        return InDepartment(request.parent.code)

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(**{self.department: request.parent})

    def page_columns(self, request: ListRequest) -> Sequence[Column]:
        """Without the department, which is the same for all rows."""
        return [column for column in super().page_columns(request) if column.key != "department"]

    def page_section(self, request: ListRequest) -> str:
        name: str = request.parent.name
        return name

    def page_crumbs(self, request: ListRequest) -> Sequence[tuple[str, str]]:
        from django.urls import reverse

        return [(self.above.format(request.parent.name), reverse("people", args=[request.parent.code]))]


def _parent_code(d: Any) -> str:
    return d.parent.code if d.parent else ""


def _head(d: Any, _request: ListRequest) -> Any:
    return str(d.head) if d.head else label("unassigned")


def _with_head(rows: Any, choice: str, request: ListRequest) -> Any:
    return rows.filter(head__isnull=True, closed__isnull=True) if choice == "none" else rows.filter(head__isnull=False)


class Departments(List):
    """List open departments by code.

    people, access, waiting: how many work there, have access, wait for an answer.
    """

    name, permission, order = "list_departments", "duty.see", "code"
    page = Page("access/departments/", "departments")
    operation = Operation("/departments", "read:people", shape="DepartmentLine")
    title, section = "Departments", "Access office"
    links = (Link("Open a department", "department-new", permission="department.change", primary=True),)
    caption, noun, sort = "Departments", "departments", "name"
    empty = "There is no department yet. The personnel feed brings them, or the command line."
    columns = (
        Column("code"),
        Column("name", "Department", link=("department", "code"), hint=lambda d: d.code, sort=("name",)),
        Column("parent", "Part of", _parent_code, cell=lambda d, _: d.parent, sort=("parent__name",), name="part of"),
        Somebody("head", "Head", cell=_head, optional=True, sort=("head__family",), name="head"),
        Number("people", "People", sort=("people",), name="people"),
        Number("access", "With access", sort=("access",), name="with access"),
        Number("waiting", "Requests", cell=lambda d, _: d.waiting or "", sort=("waiting",), name="requests"),
    )
    filters = (
        Filter("q", "Words", ("name__icontains", "code__icontains")),
        Filter("head", "Head", apply=_with_head, choices=[("none", "none"), ("named", "named")]),
    )

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.identity.queries import office

        return office.departments()


DEPARTMENTS = Departments()
