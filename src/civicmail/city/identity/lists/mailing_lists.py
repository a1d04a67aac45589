"""Lists of mailing lists: of the city, and of a department (P-06)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.lists.departments import DEPARTMENT, DepartmentList, department_choices
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Command, Filter, Flag, Link, List, ListRequest, Number, Operation, Shown, Time
from civicmail.city.pages.states import choices, label, labels


class MailingLists(List):
    """List all mailing lists by address.

    everyone: all personal mailboxes of the department; boxes, lists: how many are named.
    """

    name, permission, order = "list_lists", "mailbox.see", "address"
    page = Page("access/lists/", "lists")
    operation = Operation("/lists", "read:mailboxes", shape="ListLine")
    model, related = "directory.MailGroup", ("department",)
    title, section = "All lists", "Access office"
    caption, noun, sort = "Lists", "lists", "address"
    empty = "No list yet. Mail to a list is kept once, and reaches every mailbox behind it."
    columns: Sequence[Column] = (
        Column("address", "Address", link=("list", "address"), hint=lambda g: g.name, sort=("address",)),
        Column("name"),
        Column(
            "department", "Owner", "department.code", cell=lambda g, _: str(g.department), sort=("department__name",), name="owner"
        ),
        Flag(
            "everyone",
            "Everybody",
            cell=lambda g, _: "the department" if g.everyone else "",
            sort=("everyone",),
            name="everybody of",
        ),
        Number("boxes", "Mailboxes", sort=("boxes",), name="mailboxes"),
        Number("lists", "Lists in it", cell=lambda g, _: g.lists or "", sort=("lists",), name="lists in it"),
        Shown("state", "State", cell=lambda g, _: label("closed" if g.closed else "active")),
        Time("closed", optional=True),
    )
    filters: Sequence[Filter] = (
        Filter("q", "Address or name", ("address__icontains", "name__icontains")),
        Filter(
            "state",
            "State",
            apply=lambda q, value, _: q.filter(closed__isnull=value == "open"),
            choices=choices(labels("closed", open="active")),
        ),
        Filter("department", "Owner", ("department__code",), page_choices=department_choices),
    )

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.identity.queries import mailbox_users

        return mailbox_users.with_sizes(super().rows(request))

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        code = request.parent.code if request.parent is not None else ""
        query = f"?department={code}" if code else ""
        return [Link("Make a list", "list-new", query, permission="group.change", about=InDepartment(code), primary=True)]


class DepartmentMailingLists(DepartmentList, MailingLists):
    """List the mailing lists of a department."""

    name = "list_department_lists"
    page = Page("dept/<slug:department>/lists/", "dept-lists")
    operation = Operation("/departments/{slug:department}/lists", "read:mailboxes", shape="ListLine")
    command = Command(
        "lists list",
        ("address", "name", "everyone"),
        lambda g: f"{g.address:40} {g.name}{', everyone of the department' if g.everyone else ''}",
        parameters=DEPARTMENT,
        fixed={"state": "open"},
    )
    title = "Lists"
    filters = MailingLists.filters[:-1]


MAILING_LISTS, DEPARTMENT_MAILING_LISTS = MailingLists(), DepartmentMailingLists()
