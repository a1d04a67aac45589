"""Lists: one address with mailboxes and other lists behind it; who is on it, and whom does mail to it reach? (P-06)"""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.directory.models import MailGroup
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.queries import groups, history
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label


def _state(g: MailGroup) -> tuple[str, str]:
    return label("closed" if g.closed else "active")


def _find_list(request: CityRequest, address: str) -> tuple[MailGroup, InDepartment]:
    g = get_object_or_404(MailGroup.objects.select_related("department"), address=address.strip().lower())
    about = InDepartment(g.department.code)
    return g, about


@acting("mailbox.see")
def show(request: CityRequest, address: str) -> HttpResponseBase:
    """Show the members of a list, and how many mailboxes it reaches including nested lists."""
    g, about = _find_list(request, address)
    require(request, "mailbox.see", about)
    changes = bool(may(request, "group.change", about)) and g.closed is None
    columns = [
        Column("address", "Mailbox", lambda m: Cell(m.address, hint=str(m.holder or m.name)), ("address",)),
        Column("department", "Department", lambda m: str(m.department), ("department__name",)),
        Column("state", "State", lambda m: label("closed" if m.closed else "active")),
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
        "events": history.timeline(f"group:{g.address}", actor=request.actor, now=epoch_ms(request.now)),
    }
    return listing.render_list(request, "identity/maillist.html", table, shown)


def _out(g: MailGroup, address: str) -> str:
    return f"{reverse('list-take-out', args=[g.address])}?address={address}"
