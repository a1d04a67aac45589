"""Mailboxes and their addresses, never their content (P-07, P-08)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router, Schema

from civicmail.city.access.actions import mailboxes as verbs
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm, end_of_day
from civicmail.city.access.queries import mailbox_users
from civicmail.city.access.queries.actors import about_mailbox
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require
from civicmail.city.access.views.department_choices import department_choices
from civicmail.city.access.views.mailboxes import find_mailbox
from civicmail.city.access.views.officeforms import NewAlias, NewMailbox, UntilBecause
from civicmail.city.access.views.officeforms import Whose as WhoseForm
from civicmail.city.access.views.roster import department_of
from civicmail.city.directory import queries
from civicmail.city.directory.models import Department, Mailbox
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
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


class MailboxToMake(request_bodies.Because):
    """kind: function or service; expires: the last day, of a service."""

    kind: str
    department: str
    address: str
    name: str
    purpose: str
    expires: date | None = None


class Alias(request_bodies.Because):
    """An address in a domain of the city."""

    address: str


class Until(request_bodies.Because):
    """until: the last day, at most a year away."""

    until: date


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


def _one(m: Any) -> OneBox:
    addresses = m.addresses.filter(until__isnull=True).order_by("address").values_list("address", flat=True)
    return OneBox(**_facts(m), addresses=list(addresses))


@operation(router, "GET", ONE, act="mailbox.see", scope="read:mailboxes", page="mailbox", response=OneBox)
def read_mailbox(request: Call, response: HttpResponse, address: str) -> OneBox:
    """Read a mailbox and its addresses."""
    box = find_mailbox(request, address)
    require(request, "mailbox.see", about_mailbox(box))
    return etags.with_etag(response, _one(box))


@operation(
    router, "POST", "/mailboxes", act="mailbox.make", scope="write:mailboxes", page="mailbox-new", response=OneBox, status=201
)
def make_mailbox(request: Call, body: MailboxToMake) -> OneBox:
    """Make a shared mailbox for named users, or one for a machine."""
    c = request_bodies.checked(NewMailbox(department_choices(request, "mailbox.make"), request_bodies.plain(body)))
    where = Department.objects.get(code=c["department"])
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}

    def do() -> OneBox:
        if c["kind"] == "service":
            made = verbs.make_service(c["address"], c["name"], where, c["purpose"], end_of_day(c["expires"]), **act)
        else:
            made = verbs.make_function(c["address"], c["name"], where, c["purpose"], **act)
        return _one(find_mailbox(request, made.address))

    return once(request, do)


@operation(router, "POST", f"{ONE}/close", act="mailbox.close", scope="write:mailboxes", page="mailbox-close", response=OneBox)
def close_mailbox(request: Call, response: HttpResponse, address: str, body: request_bodies.Because) -> OneBox:
    """Close a mailbox; its mail stays."""
    require(request, "mailbox.close", about_mailbox(find_mailbox(request, address)))
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    return _changed(request, response, address, c["reason"], verbs.close)


@operation(router, "POST", f"{ONE}/renew", act="machine.make", scope="write:mailboxes", page="mailbox-renew", response=OneBox)
def renew_mailbox(request: Call, response: HttpResponse, address: str, body: Until) -> OneBox:
    """Extend a machine's mailbox by at most a year."""
    require(request, "machine.make", about_mailbox(find_mailbox(request, address)))
    c = request_bodies.checked(UntilBecause(request_bodies.plain(body)))
    until = end_of_day(c["until"])
    return _changed(request, response, address, c["reason"], lambda m, **act: verbs.renew_service(m, until, **act))


@operation(router, "POST", f"{ONE}/files", act="mailbox.invite", scope="write:mailboxes", page="mailbox-files", response=OneBox)
def invite_files(request: Call, response: HttpResponse, address: str, body: Until) -> OneBox:
    """Accept files from strangers without confirmation until a day, for bids and permits."""
    require(request, "mailbox.invite", about_mailbox(find_mailbox(request, address)))
    c = request_bodies.checked(UntilBecause(request_bodies.plain(body)))
    until = end_of_day(c["until"])
    return _changed(request, response, address, c["reason"], lambda m, **act: verbs.invite_files(m, until, **act))


@operation(router, "POST", f"{ONE}/addresses", act="address.change", scope="write:mailboxes", page="alias-add", response=OneBox)
def add_address(request: Call, response: HttpResponse, address: str, body: Alias) -> OneBox:
    """Add an address that never belonged to another person."""
    require(request, "address.change", about_mailbox(find_mailbox(request, address)))
    c = request_bodies.checked(NewAlias(request_bodies.plain(body)))
    return _changed(request, response, address, c["reason"], lambda m, **act: verbs.add_alias(m, c["address"], **act))


@operation(router, "POST", f"{ONE}/addresses/end", act="address.change", scope="write:mailboxes", page="alias-end", response=OneBox)
def end_address(request: Call, response: HttpResponse, address: str, body: Alias) -> OneBox:
    """End an address; it is never reused."""
    require(request, "address.change", about_mailbox(find_mailbox(request, address)))
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    which = body.address.strip().lower()
    return _changed(request, response, address, c["reason"], lambda m, **act: verbs.end_alias(m, which, **act))


def _changed(request: Call, response: HttpResponse, address: str, reason: str, do: Callable[..., object]) -> OneBox:
    """`If-Match` says what was seen; row and verb are one transaction."""
    with single_publication():
        Mailbox.objects.select_for_update().filter(address=address).first()
        box = find_mailbox(request, address)
        etags.require(request, _one(box))
        do(box, actor=request.actor, reason=reason, now=epoch_ms(request.now))
    return etags.with_etag(response, _one(find_mailbox(request, address)))


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
