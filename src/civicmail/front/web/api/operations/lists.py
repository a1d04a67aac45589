"""Mailing lists (P-06)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.directory.models import MailGroup
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.acts.lists import MAKE_LIST, ON_LISTS
from civicmail.city.identity.lists.mailing_lists import DEPARTMENT_MAILING_LISTS, MAILING_LISTS
from civicmail.city.identity.queries import groups
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import etags
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema

router = Router(tags=["Lists"])
ONE = "/lists/{str:address}"
list_operation(router, DEPARTMENT_MAILING_LISTS, list_operation(router, MAILING_LISTS))


class OneList(RowSchema):
    """members: mailboxes; inside: lists in it; reaches: how many mailboxes mail to it reaches now."""

    address: str
    name: str
    department: str
    everyone: bool
    members: list[str]
    inside: list[str]
    reaches: int
    closed: datetime | None


def _the(address: str) -> tuple[MailGroup, InDepartment]:
    g = get_object_or_404(MailGroup.objects.select_related("department"), address=address.strip().lower())
    return g, InDepartment(g.department.code)


def _body(g: MailGroup) -> OneList:
    return OneList.from_row(
        g,
        members=list(g.members.order_by("address").values_list("address", flat=True)),
        inside=list(g.subgroups.order_by("address").values_list("address", flat=True)),
        reaches=len(groups.behind(g)),
    )


@operation(router, "GET", ONE, act="mailbox.see", scope="read:mailboxes", page="list", response=OneList)
def read_list(request: Call, response: HttpResponse, address: str) -> OneList:
    """Read a mailing list: members, and number of mailboxes reached."""
    g, about = _the(address)
    require(request, "mailbox.see", about)
    return etags.with_etag(response, _body(g))


act_operation(router, MAKE_LIST, OneList, _body)
for act in ON_LISTS:
    act_operation(router, act, OneList, _body, shown=_body)
