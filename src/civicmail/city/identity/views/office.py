"""The access office: where is access out of order? Departments, roles with conflicts, throttled sign-ins, endings (pages)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account, Throttle
from civicmail.city.guard.resources import InDepartment
from civicmail.city.guard.roles import CONFLICTS, ROLES
from civicmail.city.identity.lists.endings import state_of
from civicmail.city.identity.models import ConflictRecord, Ending, RoleAssignment
from civicmail.city.identity.queries import office
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.queries.signin import locked_or_waiting, waits_of
from civicmail.city.identity.throttle import MAX_STRANGER_FAILURES
from civicmail.city.identity.views.roster import crumb
from civicmail.city.pages import display_names, listing, wording
from civicmail.city.pages.city_request import CityRequest, acting, could, may, require, require_could
from civicmail.city.pages.days import last_day
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import choices, label, labels


@acting("duty.grant")
def overview(request: CityRequest) -> HttpResponse:
    """The worst first; in order is one sentence."""
    require_could(request, "duty.grant")
    page = Page("Access overview", "Access office")
    return render(request, "identity/office.html", {"page": page, "troubles": office.problems(request.now)})


@acting("duty.see")
def role_assignments(request: CityRequest) -> HttpResponseBase:
    """List role assignments with their ends, and roles that exclude each other."""
    require(request, "duty.see")
    names = [(key, d.name) for key, d in ROLES.items()]
    columns = [
        Column("person", "Person", lambda g: Cell(str(g.person), hint=g.person.uid), ("person__family", "person__given")),
        Column("duty", "Role", _role_cell, ("role",)),
        Column("until", "Until", lambda g: last_day(g.until), ("until",), name="until"),
        Column("by", "Granted by", lambda g: Cell(display_names.shown_name(g.by, g.by_name), hint=g.reason), name="by"),
    ]
    grants_too = bool(could(request, "duty.grant"))
    if grants_too:
        columns.append(Column("end", "", lambda g: Cell(f"End for {g.person}…", reverse("duty-end", args=[g.pk]))))
    table = listing.from_query(
        request,
        office.holders(request.now).annotate(by_name=display_names.name_of("by")),
        caption="Role assignments",
        columns=columns,
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(person__display__icontains=value)),
            Filter("duty", "Role", lambda rows, value: rows.filter(role=value), names),
        ],
        empty="Nobody holds a role.",
        noun="duties",
        sort="person",
    )
    actions = [Action("Grant a role", reverse("duty-grant"), primary=True)] if grants_too else []
    if could(request, "duty.record-conflict"):
        actions.append(Action("Record a conflict", reverse("conflict-new")))
    shown = {
        "page": Page("Role assignments", "Access office", actions=actions),
        "pairs": sorted(tuple(sorted(ROLES[d].name for d in pair)) for pair in CONFLICTS),
        "conflicts": [
            (c, wording.role(c.first), wording.role(c.second), display_names.shown_name(c.by, c.by_name))
            for c in _conflicts(request)
        ],
    }
    return listing.render_list(request, "identity/role_assignments.html", table, shown)


def _conflicts(request: CityRequest) -> QuerySet[Any]:
    rows = ConflictRecord.objects.filter(until__gt=request.now).select_related("person").order_by("until")
    return rows.annotate(by_name=display_names.name_of("by"))


def _role_cell(g: RoleAssignment) -> Cell:
    return Cell(wording.role(g.role), hint=str(g.department or ""))


@acting("account.unlock")
def unlocks(request: CityRequest) -> HttpResponseBase:
    """List locked sign-ins, and those delayed after wrong passwords: from where, and until when."""
    require_could(request, "account.unlock")
    table = listing.from_query(
        request,
        locked_or_waiting(epoch_ms(request.now)),
        caption="Throttled sign-ins",
        columns=[
            Column("person", "Person", lambda a: Cell(str(a.person), hint=a.username), ("person__family",)),
            Column("state", "State", _throttle_state),
            Column(
                "waits",
                "Where, and until when",
                lambda a: "; ".join(_wait_text(w) for w in waits_of(a, epoch_ms(request.now))),
                name="from",
            ),
            Column("act", "", lambda a: Cell(f"Release {a.person}…", reverse("unlock", args=[a.pk]))),
        ],
        filters=[Filter("state", "State", office.held_up_by, choices(labels("locked", waits="throttled")))],
        empty="No sign-in is locked, and nobody waits for one.",
        noun="throttled sign-ins",
        sort="person",
    )
    return listing.render_list(request, "pages/list.html", table, {"page": Page("Throttled sign-ins", "Access office")})


STEPS = {
    "sessions": "Open sessions",
    "devices": "Device passwords",
    "tokens": "Tokens of programs",
    "authorisations": "Access to mailboxes",
    "grants": "Access of others to the mailbox",
    "duties": "Role assignments",
    "personal-use": "Personal use",
    "approvals": "What waited for this person",
    "employment": "Employment",
    "snapshot": "Every door was told",
}
"""What one step of an end was (actions/access_end.py), in words."""


@acting("roster.see")
def ending(request: CityRequest, pk: int) -> HttpResponse:
    """Show the steps of one end of access, with times."""
    row = get_object_or_404(Ending.objects.select_related("person", "episode__department", "successor"), pk=pk)
    where = row.episode.department
    require(request, "roster.see", InDepartment(where.code))
    crumbs = [crumb(where)]
    facts = [("Ends", row.when), ("By", display_names.name_of_uid(row.by)), ("Successor", row.successor or "none")]
    actions = []
    if row.done is None and row.when > request.now and may(request, "access.end", about_person(row.person)):
        actions.append(Action("The person stays…", reverse("call-off", args=[row.pk])))
    page = Page(f"End of access: {row.person}", where.name, crumbs, state_of(row, request.now), facts, actions)
    shown = {
        "page": page,
        "ending": row,
        "steps": [(STEPS.get(s.step, s.step), s) for s in row.steps.all()],
        "account": Account.objects.filter(person=row.person).first(),
    }
    return render(request, "identity/ending.html", shown)


def _throttle_state(account: Account) -> Cell:
    if account.locked:
        return Cell.of(label("locked"), f"since {wording.minute(account.locked)}")
    return Cell.of(label("throttled"))


def _wait_text(row: Throttle) -> str:
    """Where wrong passwords cause a delay, and until when, in words."""
    if row.kind == "identity":
        return f"{row.network}: another identity there says that it is this person; releasing lets the next one in"
    what = {"code": "codes", "mail": "mail programs"}.get(row.kind, "passwords")
    where = {"login": "networks that are new to it"}.get(row.kind, row.network)
    where = "a session of its own" if where.startswith("session") else where or "an unknown address"
    closed = row.until is None or (row.kind == "login" and row.streak >= MAX_STRANGER_FAILURES)
    end = "until the person signs in, or you release it" if row.until is None or closed else f"until {wording.minute(row.until)}"
    return f"{where}: {what}, {row.failures} wrong, {end}"
