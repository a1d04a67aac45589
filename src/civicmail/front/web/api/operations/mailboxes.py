"""Mailboxes and their addresses, never their content (P-07, P-08)."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router, Schema

from civicmail.city.directory import queries
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.acts.mailboxes import MAKE_MAILBOX, ON_MAILBOXES
from civicmail.city.identity.queries import mailbox_users
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.views.mailboxes import find_mailbox
from civicmail.city.identity.views.officeforms import Whose as WhoseForm
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe

router = Router(tags=["Mailboxes"])
ONE = "/mailboxes/{str:address}"


class Box(Schema):
    """kind: personal, function or service; users: how many may use it now."""

    address: str
    name: str
    kind: str
    department: str
    holder: Who | None
    purpose: str
    users: int
    made: datetime
    expires: datetime | None
    closed: datetime | None


class OneBox(Box):
    """addresses: all that reach it now."""

    addresses: list[str]


class AddressWas(Schema):
    """Who or what was reached there. person: number, or empty; mailbox: its main address."""

    address: str
    mailbox: str
    person: str
    department: str


@operation(router, "GET", "/mailboxes", act="mailbox.see", scope="read:mailboxes", page="mailboxes", response=list[Box])
def list_mailboxes(request: Call, response: HttpResponse) -> list[Box]:
    """List all mailboxes by address."""
    require(request, "mailbox.see")
    return _listed(request, response, Mailbox.objects.all())


@operation(
    router, "GET", "/departments/{slug:department}/mailboxes", act="mailbox.see", scope="read:mailboxes", page="dept-mailboxes",
    response=list[Box],
)  # fmt: skip
def list_department_mailboxes(request: Call, response: HttpResponse, department: str) -> list[Box]:
    """List the mailboxes of a department."""
    where = department_of(department)
    require(request, "mailbox.see", InDepartment(where.code))
    return _listed(request, response, Mailbox.objects.filter(department=where))


def _listed(request: Call, response: HttpResponse, rows: QuerySet[Any]) -> list[Box]:
    boxes = mailbox_users.with_users(rows, request.now).select_related("department", "holder")
    return pagination.rows(request, response, boxes, lambda m: Box(**_facts(m)), by="address")


def _facts(m: Any) -> dict[str, Any]:
    return {
        "address": m.address, "name": m.name, "kind": m.kind, "department": m.department.code, "holder": maybe(m.holder),
        "purpose": m.purpose, "users": m.users, "made": m.made, "expires": m.expires, "closed": m.closed,
    }  # fmt: skip


def _one(mailbox: Mailbox) -> OneBox:
    rows = mailbox_users.with_users(Mailbox.objects.select_related("department", "holder"), timezone.now())
    m = rows.get(pk=mailbox.pk)
    addresses = m.addresses.filter(until__isnull=True).order_by("address").values_list("address", flat=True)
    return OneBox(**_facts(m), addresses=list(addresses))


@operation(router, "GET", ONE, act="mailbox.see", scope="read:mailboxes", page="mailbox", response=OneBox)
def read_mailbox(request: Call, response: HttpResponse, address: str) -> OneBox:
    """Read a mailbox and its addresses."""
    box = find_mailbox(request, address)
    require(request, "mailbox.see", about_mailbox(box))
    return etags.with_etag(response, _one(box))


act_operation(router, MAKE_MAILBOX, OneBox, _one)
for act in ON_MAILBOXES:
    act_operation(router, act, OneBox, _one, shown=_one)


@operation(router, "GET", "/addresses/{str:address}", act="mailbox.see", scope="read:mailboxes", page="whose", response=AddressWas)
def read_address(request: Call, address: str, day: str = "") -> AddressWas:
    """Read whose address this was on a day (`day`, like 2026-03-02; default today)."""
    require(request, "mailbox.see")
    c = request_bodies.checked(WhoseForm({"address": address, "day": day}))
    today = timezone.localdate(request.now)
    on = c["day"] or today
    at = request.now if on == today else timezone.make_aware(datetime.combine(on, time(12)))
    owner = queries.owner_at(c["address"], at)
    if owner is None:
        raise Http404
    return AddressWas(address=address, mailbox=owner.mailbox, person=owner.person, department=owner.department)
