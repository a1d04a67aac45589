"""Mailing lists (P-06)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.directory.models import MailGroup
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.acts.lists import MAKE_LIST, ON_LISTS
from civicmail.city.identity.queries import groups, mailbox_users
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import etags, pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation

router = Router(tags=["Lists"])
ONE = "/lists/{str:address}"


class ListLine(Schema):
    """everyone: all personal mailboxes of the department; boxes, lists: how many are named."""

    address: str
    name: str
    department: str
    everyone: bool
    boxes: int
    lists: int
    closed: datetime | None


class OneList(Schema):
    """members: mailboxes; inside: lists in it; reaches: how many mailboxes mail to it reaches now."""

    address: str
    name: str
    department: str
    everyone: bool
    members: list[str]
    inside: list[str]
    reaches: int
    closed: datetime | None


@operation(router, "GET", "/lists", act="mailbox.see", scope="read:mailboxes", page="lists", response=list[ListLine])
def list_lists(request: Call, response: HttpResponse) -> list[ListLine]:
    """List all mailing lists by address."""
    require(request, "mailbox.see")
    return _listed(request, response, MailGroup.objects.all())


@operation(
    router, "GET", "/departments/{slug:department}/lists", act="mailbox.see", scope="read:mailboxes", page="dept-lists",
    response=list[ListLine],
)  # fmt: skip
def list_department_lists(request: Call, response: HttpResponse, department: str) -> list[ListLine]:
    """List the mailing lists of a department."""
    where = department_of(department)
    require(request, "mailbox.see", InDepartment(where.code))
    return _listed(request, response, MailGroup.objects.filter(department=where))


def _listed(request: Call, response: HttpResponse, rows: QuerySet[Any]) -> list[ListLine]:
    return pagination.rows(request, response, mailbox_users.with_sizes(rows).select_related("department"), _line, by="address")


def _line(g: Any) -> ListLine:
    return ListLine(
        address=g.address,
        name=g.name,
        department=g.department.code,
        everyone=g.everyone,
        boxes=g.boxes,
        lists=g.lists,
        closed=g.closed,
    )


def _the(address: str) -> tuple[MailGroup, InDepartment]:
    g = get_object_or_404(MailGroup.objects.select_related("department"), address=address.strip().lower())
    return g, InDepartment(g.department.code)


def _body(g: MailGroup) -> OneList:
    return OneList(
        address=g.address, name=g.name, department=g.department.code, everyone=g.everyone,
        members=list(g.members.order_by("address").values_list("address", flat=True)),
        inside=list(g.subgroups.order_by("address").values_list("address", flat=True)), reaches=len(groups.behind(g)),
        closed=g.closed,
    )  # fmt: skip


@operation(router, "GET", ONE, act="mailbox.see", scope="read:mailboxes", page="list", response=OneList)
def read_list(request: Call, response: HttpResponse, address: str) -> OneList:
    """Read a mailing list: members, and number of mailboxes reached."""
    g, about = _the(address)
    require(request, "mailbox.see", about)
    return etags.with_etag(response, _body(g))


act_operation(router, MAKE_LIST, OneList, _body)
for act in ON_LISTS:
    act_operation(router, act, OneList, _body, shown=_body)
