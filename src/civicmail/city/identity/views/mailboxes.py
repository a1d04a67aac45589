"""Mailboxes: whose is it, who uses it, which addresses reach it? Those of roles and machines begin and end here (M1, S1)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.directory.models import Department, Mailbox
from civicmail.city.guard.resources import GrantOn, InDepartment, MailboxIn
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.queries import history, mailbox_users
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.views.rights import second_person, user_acts
from civicmail.city.identity.views.roster import crumb, department_of
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page

OPEN = [("open", "open"), ("closed", "closed"), ("unused", "nobody may read it"), ("moved", "its holder works elsewhere")]


@acting("mailbox.see")
def everywhere(request: CityRequest) -> HttpResponseBase:
    """All mailboxes of the city, of whatever kind."""
    require(request, "mailbox.see")
    rows = Mailbox.objects.all()
    column = Column("department", "Owner", lambda m: str(m.department), ("department__name",), name="owner")
    choices = list(Department.objects.order_by("name").values_list("code", "name"))
    more = [Filter("department", "Owner", lambda q, value: q.filter(department__code=value), choices)]
    actions = [Action("Whose was an address?", reverse("whose"))]
    page = Page("Which mailboxes are there?", "Access office", actions=[*_new(request, ""), *actions])
    return _listed(request, rows, page, [column], more)


@acting("mailbox.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """The mailboxes that one department owns; those of roles and machines first in sight."""
    where = department_of(department)
    require(request, "mailbox.see", InDepartment(where.code))
    page = Page("Which mailboxes does the department own?", where.name, [crumb(where)], actions=_new(request, where.code))
    return _listed(request, Mailbox.objects.filter(department=where), page, [], [])


def _new(request: CityRequest, department: str) -> list[Action]:
    if not may(request, "mailbox.make", InDepartment(department)):
        return []
    query = f"?department={department}" if department else ""
    return [Action("Make a mailbox", f"{reverse('mailbox-new')}{query}", primary=True)]


def _listed(
    request: CityRequest, rows: QuerySet[Any], page: Page, columns: list[Column], filters: list[Filter]
) -> HttpResponseBase:
    def state(q: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == "moved":
            return mailbox_users.of_movers(q)
        if value == "unused":
            return mailbox_users.without_users(q, request.now)
        return q.filter(closed__isnull=value == "open")

    table = listing.from_query(
        request,
        mailbox_users.with_users(rows, request.now),
        caption="Mailboxes",
        columns=[
            Column("address", "Address", _address, ("address",)),
            Column("kind", "Kind", lambda m: Mailbox.Type(m.kind).label, ("kind", "address"), name="kind"),
            *columns,
            Column("users", "People who use it", lambda m: m.users, ("users",), num=True, name="people who use it"),
            Column("state", "State", lambda m: _cell(state_of(m, request)), name=""),
        ],
        filters=[
            Filter("q", "Address or name", lambda q, value: q.filter(Q(address__icontains=value) | Q(name__icontains=value))),
            Filter("kind", "Kind", lambda q, value: q.filter(kind=value), Mailbox.Type.choices),
            Filter("state", "State", state, OPEN),
            *filters,
        ],
        empty="No mailbox yet. A person gets one by a request; one of a role or a machine is made here.",
        noun="mailboxes",
        sort="address",
        slim=lambda q: q.select_related("department", "holder"),
    )
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _address(m: Any) -> Cell:
    return Cell(m.address, reverse("mailbox", args=[m.address]), hint=str(m.holder) if m.holder else m.name)


def _cell(state: tuple[str, str]) -> Cell:
    return Cell(state[1], role=state[0])


def state_of(box: Any, request: CityRequest) -> tuple[str, str]:
    """(role, word) of a mailbox with its number of users."""
    if box.closed:
        return ("quiet", "Closed")
    if box.kind == Mailbox.Type.SERVICE:
        return ("warn", "Its time is over") if box.expires and box.expires <= request.now else ("plain", "Open")
    return ("plain", "Open") if box.users else ("lock", "Held: nobody may read it")


def find_mailbox(request: CityRequest, address: str) -> Any:
    """The mailbox of an address, with how many use it; 404."""
    rows = mailbox_users.with_users(Mailbox.objects.select_related("department", "holder"), request.now)
    return get_object_or_404(rows, address=address.strip().lower())


@acting("mailbox.see")
def mailbox(request: CityRequest, address: str) -> HttpResponse:
    """One mailbox: who uses it, under which addresses it was and is, and what happened. Nothing of what is in it."""
    box = find_mailbox(request, address)
    about = about_mailbox(box)
    require(request, "mailbox.see", about)
    with_ = ("person", "department", "approver", "requester", "episode")
    users = list(box.authorizations.filter(state__in=LIVING).select_related(*with_).order_by("role", "person__family"))
    eyes = second_person(request, users)
    ended = box.authorizations.exclude(state__in=LIVING).select_related("person").order_by("-since")[:20]
    may_change = bool(may(request, "address.change", about)) and box.closed is None
    shown = {
        "page": _page(request, box, about),
        "box": box,
        "users": [(a, user_acts(request, a, eyes)) for a in users],
        "ended": ended,
        "addresses": box.addresses.order_by("-since"),
        "may_change": may_change,
        "events": history.timeline(f"mailbox:{box.address}"),
    }
    return render(request, "identity/mailbox.html", shown)


def _page(request: CityRequest, box: Any, about: MailboxIn) -> Page:
    actions = []
    if box.closed is None:
        if box.kind != Mailbox.Type.SERVICE and may(request, "grant.ask", GrantOn(about.department, "", holder=about.person)):
            actions.append(Action("Ask for a person to use it", reverse("grant-ask", args=[box.address]), primary=True))
        if box.kind == Mailbox.Type.SERVICE and may(request, "machine.make", about):
            actions.append(Action("Machines", reverse("machines", args=[box.address]), primary=True))
            actions.append(Action("Give it more time…", reverse("mailbox-renew", args=[box.address])))
        if may(request, "address.change", about):
            actions.append(Action("Add an address", reverse("alias-add", args=[box.address])))
        if box.kind == Mailbox.Type.FUNCTION and may(request, "mailbox.invite", about):
            actions.append(Action("Invite files…", reverse("mailbox-files", args=[box.address])))
        if box.kind == Mailbox.Type.FUNCTION and may(request, "reply.set", about):
            actions.append(Action("Answer by itself…", reverse("mail-away-of", args=[box.pk])))
        if box.kind != Mailbox.Type.PERSONAL and may(request, "mailbox.close", about):
            actions.append(Action("Close…", reverse("mailbox-close", args=[box.address])))
    facts: list[tuple[str, Any]] = [("Kind", Mailbox.Type(box.kind).label), ("Owner", box.department)]
    facts.append(("Holder", box.holder) if box.holder else ("Name", box.name))
    if box.expires:
        facts.append(("Until", box.expires))
    if box.files_until and box.files_until > request.now:
        facts.append(("Invites files until", box.files_until))
    crumbs = [(f"{box.department}: mailboxes", reverse("dept-mailboxes", args=[box.department.code]))]
    if not may(request, "mailbox.see", InDepartment(box.department.code)):
        crumbs = [("My access", reverse("my-access"))]
    return Page(box.address, str(box.department), crumbs, state_of(box, request), facts, actions)
