"""Mailing lists (P-06)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import mailboxes as verbs
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.queries import groups, mailbox_users
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require
from civicmail.city.access.views.department_choices import department_choices
from civicmail.city.access.views.officeforms import AddMember, NewList
from civicmail.city.access.views.roster import department_of
from civicmail.city.directory.models import Department, Mailbox, MailGroup
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
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


class ListToMake(request_bodies.Because):
    """everyone: everybody of the department and its divisions, always."""

    department: str
    address: str
    name: str
    everyone: bool = False


class ListMember(request_bodies.Because):
    """address: of a mailbox, or of another list."""

    address: str


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


@operation(router, "POST", "/lists", act="group.change", scope="write:mailboxes", page="list-new", response=OneList, status=201)
def make_list(request: Call, body: ListToMake) -> OneList:
    """Make a mailing list owned by a department."""
    places = department_choices(request, "group.change")
    c = request_bodies.checked(NewList(places, request_bodies.plain(body, everyone="all" if body.everyone else "named")))
    where, everyone = Department.objects.get(code=c["department"]), c["everyone"] == "all"

    def do() -> OneList:
        act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
        return _body(verbs.make_group(c["address"], c["name"], where, everyone=everyone, **act))

    return once(request, do)


@operation(router, "POST", f"{ONE}/add", act="group.change", scope="write:mailboxes", page="list-add", response=OneList)
def add_to_list(request: Call, response: HttpResponse, address: str, body: ListMember) -> OneList:
    """Add a mailbox, or another list with its members."""
    require(request, "group.change", _the(address)[1])
    c = request_bodies.checked(AddMember(request_bodies.plain(body)))
    member = c["address"].strip().lower()
    box = Mailbox.objects.filter(Q(address=member) | Q(addresses__address=member, addresses__until=None)).distinct().first()
    sub = MailGroup.objects.filter(address=member, closed__isnull=True).exclude(address=address).first()
    if (box is None or box.closed) and sub is None:
        problem = f"{member} is no mailbox or list of the city that is open."
        raise Unusable(problem, {"address": problem})
    with single_publication():
        g = _locked(request, address)
        _change(request, g, c["reason"], [*g.members.all(), *([box] if box else [])], [*g.subgroups.all(), *([sub] if sub else [])])
    return etags.with_etag(response, _body(_the(address)[0]))


@operation(router, "POST", f"{ONE}/take-out", act="group.change", scope="write:mailboxes", page="list-take-out", response=OneList)
def take_out_of_list(request: Call, response: HttpResponse, address: str, body: ListMember) -> OneList:
    """Remove an address from a mailing list."""
    require(request, "group.change", _the(address)[1])
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    which = body.address.strip().lower()
    with single_publication():
        g = _locked(request, address)
        if g.members.filter(address=which).exists() or g.subgroups.filter(address=which).exists():
            _change(request, g, c["reason"], g.members.exclude(address=which), g.subgroups.exclude(address=which))
    return etags.with_etag(response, _body(_the(address)[0]))


@operation(router, "POST", f"{ONE}/close", act="group.change", scope="write:mailboxes", page="list-close", response=OneList)
def close_list(request: Call, response: HttpResponse, address: str, body: request_bodies.Because) -> OneList:
    """Close a mailing list."""
    require(request, "group.change", _the(address)[1])
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    with single_publication():
        verbs.close_group(_locked(request, address), actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
    return etags.with_etag(response, _body(_the(address)[0]))


def _locked(request: Call, address: str) -> MailGroup:
    """The list, locked, and what the asker saw of it."""
    MailGroup.objects.select_for_update().filter(address=address).first()
    g, _ = _the(address)
    etags.require(request, _body(g))
    return g


def _change(request: Call, g: MailGroup, reason: str, members: Iterable[Mailbox], subs: Iterable[MailGroup]) -> None:
    verbs.change_group(g, members, subs, actor=request.actor, reason=reason, now=epoch_ms(request.now))
