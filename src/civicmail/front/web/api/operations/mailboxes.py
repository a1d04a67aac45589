"""Mailboxes and their addresses, never their content (P-07, P-08)."""

from __future__ import annotations

from datetime import datetime, time

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router

from civicmail.city.directory import queries
from civicmail.city.directory.models import Mailbox
from civicmail.city.identity.acts.mailboxes import MAKE_MAILBOX, ON_MAILBOXES
from civicmail.city.identity.lists.mailboxes import DEPARTMENT_MAILBOXES, MAILBOXES
from civicmail.city.identity.queries import mailbox_users
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.views.mailboxes import find_mailbox
from civicmail.city.identity.views.officeforms import Whose as WhoseForm
from civicmail.city.pages.city_request import or_404, require
from civicmail.front.web.api import etags, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema

router = Router(tags=["Mailboxes"])
ONE = "/mailboxes/{str:address}"


BOX_ROW = list_operation(router, MAILBOXES)
list_operation(router, DEPARTMENT_MAILBOXES, BOX_ROW)


class OneBox(BOX_ROW.schema):  # type: ignore[misc, name-defined]  # made at run time
    """addresses: all that reach it now."""

    addresses: list[str]


class AddressWas(RowSchema):
    """Who or what was reached there. person: number, or empty; mailbox: its main address."""

    address: str
    mailbox: str
    person: str
    department: str


def _one(mailbox: Mailbox) -> OneBox:
    rows = mailbox_users.with_users(Mailbox.objects.select_related("department", "holder"), timezone.now())
    m = rows.get(pk=mailbox.pk)
    addresses = m.addresses.filter(until__isnull=True).order_by("address").values_list("address", flat=True)
    return OneBox(**BOX_ROW.values(m), addresses=list(addresses))


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
    owner = or_404(queries.owner_at(c["address"], at))
    return AddressWas(address=address, mailbox=owner.mailbox, person=owner.person, department=owner.department)
