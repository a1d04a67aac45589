"""Pages of a person's accounts in external systems, and of accounts that have to end there (P-08)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct import external_account_states
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding
from civicmail.city.conduct.queries import external_systems
from civicmail.city.conduct.views.external_systems import take_cell, up
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import choices, label


@acting("outside.of-person")
def person(request: CityRequest, department: str, uid: str) -> HttpResponseBase:
    """External accounts of one person."""
    where = department_of(department)
    require(request, "outside.of-person", InDepartment(where.code))
    who = get_object_or_404(Person, uid=uid)
    if not who.episodes.filter(department=where).exists():
        raise Http404
    columns = [
        Column("door", "Door", lambda a: Cell(str(a.door), hint=a.login), ("door__name",)),
        Column("since", "Since", lambda a: timezone.localdate(a.since), ("since",), name="since"),
        Column("state", "State", _account_state),
        Column("ended", "Ended", lambda a: a.ended, ("ended",), name="ended"),
        Column("act", "", lambda a: _act_cell(request, a)),
    ]
    table = listing.from_query(
        request,
        external_systems.of_person(who),
        caption=f"External accounts of {who}",
        columns=columns,
        empty=f"{who} is not known to get into any other system. The access office says who does.",
        noun="doors",
        sort="door",
        slim=lambda rows: rows.select_related("door__person", "person", "episode__department").prefetch_related("endings"),
    )
    crumbs = [
        (f"{where.name}: people", reverse("people", args=[where.code])),
        (str(who), reverse("person", args=[where.code, who.uid])),
    ]
    return listing.render_list(request, "pages/list.html", table, {"page": Page(f"External accounts of {who}", where.name, crumbs)})


def _act_cell(request: CityRequest, account: OutsideAccount) -> Cell:
    """The link to confirm an ending, or to record that an account was ended."""
    for ending in account.endings.all():
        if ending.state in external_account_states.OPEN_STATES:
            can = may(request, "outside.confirm", external_systems.about(ending))
            return Cell("Confirm the end…", reverse("outside-confirm", args=[ending.pk])) if can else Cell(str(account.door.person))
    return take_cell(account) if may(request, "outside.give", about_person(account.person)) else Cell()


def _account_state(account: OutsideAccount) -> Cell:
    """The state of the ending, if there is one."""
    ends = sorted(account.endings.all(), key=lambda e: e.pk)
    if ends:
        return _ending_state(ends[-1])
    return Cell.of(label("ended" if account.ended else "active"))


@acting("outside.see")
def endings(request: CityRequest) -> HttpResponseBase:
    """Accounts that have to end: all for the office, one's own for responsible people."""
    rows = external_systems.endings()
    if not may(request, "outside.see"):
        rows = rows.filter(account__door__person__uid=request.actor.uid)
        if not OutsideDoor.objects.filter(person__uid=request.actor.uid).exists():
            require(request, "outside.see")

    table = listing.from_query(
        request,
        rows,
        caption="Ends of access elsewhere",
        columns=[
            Column("person", "Person", lambda e: _ending_cell(request, e), ("account__person__family", "account__person__given")),
            Column("door", "Door", lambda e: Cell(str(e.account.door), hint=e.account.login), ("account__door__name",)),
            Column("state", "State", _ending_state, ("state",)),
            Column("due", "Due", lambda e: e.due, ("due",), name="due"),
            Column("done", "Confirmed", lambda e: Cell(e.done, hint=e.by) if e.done else "", ("done",), name="confirmed"),
        ],
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(account__person__display__icontains=value)),
            Filter(
                "state",
                "State",
                lambda rows, value: _in_state(rows, value, request.actor),
                [
                    ("mine", "Waits for you"),
                    ("others", "Waits for others"),
                    ("waiting", "Not confirmed"),
                    *choices({"late": label("overdue"), **external_account_states.WORDS}),
                ],
            ),
        ],
        empty="Nothing has to end elsewhere.",
        noun="accounts",
        sort="due",
    )
    crumbs = up() if may(request, "outside.see") else ()
    page = Page("External accounts to end", "External systems", crumbs)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _in_state(rows: QuerySet[Any], value: str, actor: Actor) -> QuerySet[Any]:
    if value in ("mine", "others"):
        waiting = external_systems.waiting_for(actor) if value == "mine" else external_systems.late_for_others(actor)
        return rows.filter(pk__in=waiting.values("pk"))
    open_ends = rows.filter(state__in=list(external_account_states.OPEN_STATES))
    if value == "waiting":
        return open_ends
    return open_ends.filter(overdue__isnull=False) if value == "late" else rows.filter(state=value)


def _ending_cell(request: CityRequest, ending: OutsideEnding) -> Cell:
    can = ending.state in external_account_states.OPEN_STATES and may(request, "outside.confirm", external_systems.about(ending))
    where = str(ending.account.episode.department)
    return Cell(str(ending.account.person), reverse("outside-confirm", args=[ending.pk]) if can else "", hint=where)


def _ending_state(ending: OutsideEnding) -> Cell:
    if ending.state not in external_account_states.OPEN_STATES:
        return Cell.of(external_account_states.WORDS[ending.state])
    return Cell.of(label("overdue") if ending.overdue else external_account_states.WORDS[ending.state], ending.problem)
