"""Lists: one address with mailboxes and other lists behind it; who is on it, and whom does mail to it reach? (P-06)"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actions import mailboxes as verbs
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.queries import groups, history, mailbox_users
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.department_choices import department_choices
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.officeforms import AddMember, NewList
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.roster import crumb, department_of
from civicmail.city.directory.models import Department, Mailbox, MailGroup

STATES = [("open", "open"), ("closed", "closed")]


@acting("mailbox.see")
def everywhere(request: CityRequest) -> HttpResponseBase:
    """All lists of the city."""
    require(request, "mailbox.see")
    column = Column("department", "Owner", lambda g: str(g.department), ("department__name",), name="owner")
    choices = list(Department.objects.order_by("name").values_list("code", "name"))
    more = [Filter("department", "Owner", lambda q, value: q.filter(department__code=value), choices)]
    page = Page("Which lists are there?", "Access office", actions=_new(request, ""))
    return _listed(request, MailGroup.objects.all(), page, [column], more)


@acting("mailbox.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """The lists that one department owns."""
    where = department_of(department)
    require(request, "mailbox.see", InDepartment(where.code))
    crumbs = [crumb(where)]
    page = Page("Which lists does the department own?", where.name, crumbs, actions=_new(request, where.code))
    return _listed(request, MailGroup.objects.filter(department=where), page, [], [])


def _new(request: CityRequest, department: str) -> list[Action]:
    if not may(request, "group.change", InDepartment(department)):
        return []
    query = f"?department={department}" if department else ""
    return [Action("Make a list", f"{reverse('list-new')}{query}", primary=True)]


def _listed(
    request: CityRequest, rows: QuerySet[Any], page: Page, columns: list[Column], filters: list[Filter]
) -> HttpResponseBase:
    table = listing.from_query(
        request,
        mailbox_users.with_sizes(rows),
        caption="Lists",
        columns=[
            Column("address", "Address", lambda g: Cell(g.address, reverse("list", args=[g.address]), hint=g.name), ("address",)),
            *columns,
            Column("everyone", "Everybody", lambda g: "the department" if g.everyone else "", ("everyone",), name="everybody of"),
            Column("boxes", "Mailboxes", lambda g: g.boxes, ("boxes",), num=True, name="mailboxes"),
            Column("lists", "Lists in it", lambda g: g.lists or "", ("lists",), num=True, name="lists in it"),
            Column("state", "State", lambda g: Cell(_state(g)[1], role=_state(g)[0])),
        ],
        filters=[
            Filter("q", "Address or name", lambda q, value: q.filter(Q(address__icontains=value) | Q(name__icontains=value))),
            Filter("state", "State", lambda q, value: q.filter(closed__isnull=value == "open"), STATES),
            *filters,
        ],
        empty="No list yet. Mail to a list is kept once, and reaches every mailbox behind it.",
        noun="lists",
        sort="address",
        slim=lambda q: q.select_related("department"),
    )
    return listing.render_list(request, "access/list.html", table, {"page": page})


def _state(g: MailGroup) -> tuple[str, str]:
    return ("quiet", "Closed") if g.closed else ("plain", "Open")


def _find_list(request: CityRequest, address: str) -> tuple[MailGroup, InDepartment]:
    g = get_object_or_404(MailGroup.objects.select_related("department"), address=address.strip().lower())
    about = InDepartment(g.department.code)
    return g, about


@acting("mailbox.see")
def show(request: CityRequest, address: str) -> HttpResponseBase:
    """Who is on it, and how many mailboxes mail to it reaches through the lists inside."""
    g, about = _find_list(request, address)
    require(request, "mailbox.see", about)
    changes = bool(may(request, "group.change", about)) and g.closed is None
    columns = [
        Column("address", "Mailbox", lambda m: Cell(m.address, hint=str(m.holder or m.name)), ("address",)),
        Column("department", "Department", lambda m: str(m.department), ("department__name",)),
        Column("state", "State", lambda m: Cell("Closed: left out", role="warn") if m.closed else Cell("Open", role="plain")),
    ]
    if changes:
        columns.append(Column("out", "", lambda m: Cell(f"Take {m.address} out…", _out(g, m.address))))
    table = listing.from_query(
        request,
        g.members.all(),
        caption=f"Mailboxes on {g.address}",
        columns=columns,
        filters=[Filter("q", "Address or name", lambda q, value: q.filter(Q(address__icontains=value) | Q(name__icontains=value)))],
        empty="No mailbox is named." if not g.everyone else "No mailbox is named beside everybody.",
        noun="mailboxes",
        sort="address",
        slim=lambda q: q.select_related("department", "holder"),
    )
    reached = len(groups.behind(g))
    actions = []
    if changes:
        actions = [
            Action("Add a mailbox or list", reverse("list-add", args=[g.address]), primary=True),
            Action("Close…", reverse("list-close", args=[g.address])),
        ]
    facts = [("Name", g.name), ("Owner", g.department), ("Reaches", f"{reached:,} mailbox{'' if reached == 1 else 'es'}")]
    crumbs = [(f"{g.department}: lists", reverse("dept-lists", args=[g.department.code]))]
    shown = {
        "page": Page(g.address, str(g.department), crumbs, _state(g), facts, actions),
        "group": g,
        "inside": [(s, _out(g, s.address) if changes else "") for s in g.subgroups.order_by("address")],
        "above": g.supergroups.order_by("address"),
        "events": history.timeline(f"group:{g.address}"),
    }
    return listing.render_list(request, "access/maillist.html", table, shown)


def _out(g: MailGroup, address: str) -> str:
    return f"{reverse('list-take-out', args=[g.address])}?address={address}"


@acting("group.change")
def new(request: CityRequest) -> HttpResponse:
    """A list that one department owns."""
    places = department_choices(request, "group.change")
    form = NewList(places, request.POST or None, initial={"department": request.GET.get("department", "")})

    def verb() -> MailGroup:
        c = form.cleaned_data
        where = Department.objects.get(code=c["department"])
        everyone = c["everyone"] == "all"
        return verbs.make_group(
            c["address"], c["name"], where, everyone=everyone, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    code = request.GET.get("department", "")
    here = dict(places).get(code)
    back = reverse("dept-lists", args=[code]) if here else reverse("lists") if request.actor.holds("access-officer") else "/"
    page = Page("Which list is needed?", "Lists", [("Lists", back)])
    return respond_to_form(
        request, form, verb, page=page, back=back, template=FORM_TEMPLATE, submit="Make 1 list",
        message=lambda made: f"{made.address} was made.", to=lambda made: reverse("list", args=[made.address]),
    )  # fmt: skip


@acting("group.change")
def add(request: CityRequest, address: str) -> HttpResponse:
    """A mailbox, or another list with all that is behind it."""
    g, about = _find_list(request, address)
    require(request, "group.change", about)
    form = AddMember(request.POST or None)

    def verb() -> None:
        address = form.cleaned_data["address"].strip().lower()
        box = Mailbox.objects.filter(Q(address=address) | Q(addresses__address=address, addresses__until=None)).distinct().first()
        sub = MailGroup.objects.filter(address=address, closed__isnull=True).exclude(pk=g.pk).first()
        if (box is None or box.closed) and sub is None:
            sentence = f"{address} is no mailbox or list of the city that is open."
            raise Unusable(sentence, {"address": sentence})
        _change(request, g, form, [*g.members.all(), *([box] if box else [])], [*g.subgroups.all(), *([sub] if sub else [])])

    page = Page(f"Who else gets mail to {g.address}?", str(g.department), _crumbs(g))
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=_crumbs(g)[0][1],
        template=FORM_TEMPLATE,
        submit="Add 1 address",
        message="It is on the list.",
    )


def _change(request: CityRequest, g: MailGroup, form: Any, members: Iterable[Mailbox], subs: Iterable[MailGroup]) -> None:
    verbs.change_group(g, members, subs, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))


def _crumbs(g: MailGroup) -> list[tuple[str, str]]:
    return [(g.address, reverse("list", args=[g.address]))]


@acting("group.change")
def take_out(request: CityRequest, address: str) -> HttpResponse:
    """?address=... is on it no longer."""
    g, about = _find_list(request, address)
    require(request, "group.change", about)
    which = request.GET.get("address", "").strip().lower()
    form = ReasonForm(request.POST or None)
    is_member = g.members.filter(address=which).exists() or g.subgroups.filter(address=which).exists()

    def verb() -> None:
        if is_member:
            _change(request, g, form, g.members.exclude(address=which), g.subgroups.exclude(address=which))

    effects = [f"Mail to {g.address} does not reach {which} through this list any more." if is_member else f"{which} is not on it."]
    return respond_to_form(
        request, form, verb, page=Page(f"Take {which} out of {g.address}?", str(g.department), _crumbs(g)), back=_crumbs(g)[0][1],
        effects=effects, stays=["The mailbox, its mail and other lists stay as they are."], verb="Take 1 address out",
        message=f"{which} is not on the list.",
    )  # fmt: skip


@acting("group.change")
def close(request: CityRequest, address: str) -> HttpResponse:
    """It takes nothing more."""
    g, about = _find_list(request, address)
    require(request, "group.change", about)
    form = ReasonForm(request.POST or None)
    effects = [f"Mail to {g.address} reaches nobody from now on.", "Lists that it is on go on without it."]
    return respond_to_form(
        request,
        form,
        lambda: verbs.close_group(g, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"Close {g.address}?", str(g.department), _crumbs(g)), back=_crumbs(g)[0][1], effects=effects,
        stays=["Mail that came by it is kept.", "Nobody else gets the address."], verb="Close 1 list", stop=True,
        message=f"{g.address} was closed.",
    )  # fmt: skip
