"""Examinations: those that wait for one's decision, one's own, and those that an auditor may see."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.mandates import GROUNDS
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.examination_labels import EXAMINATIONS, RATIFICATIONS
from civicmail.city.identity.queries import mandates
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, could, require_could
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import choices
from civicmail.desk.workbench import queries
from civicmail.desk.workbench.views import examination


@acting("mandate.see")
def listed(request: CityRequest) -> HttpResponseBase:
    require_could(request, "mandate.see")
    now = epoch_ms(request.now)
    table = listing.from_query(
        request,
        queries.listed(request.actor),
        caption="Examinations",
        columns=[
            Column("number", "Number", _number, ("id",)),
            Column("state", "State", _state, ("state",)),
            Column("ground", "Ground", examination.ground, ("ground",)),
            Column("about", "Mail of", lambda r: _about(r, request.actor.uid), name="mail of"),
            Column("person", "Asked by", lambda r: str(r.person), ("person__family", "person__given"), name="asked by"),
            Column("asked", "Asked", lambda r: r.asked, ("asked",), name="asked"),
            Column("until", "Until", lambda r: r.until, ("until",), name="until"),
        ],
        filters=[
            Filter("state", "State", lambda rows, v: rows.filter(state=v), choices(EXAMINATIONS)),
            Filter("ground", "Ground", lambda rows, v: rows.filter(ground=v), list(GROUNDS.items())),
            Filter(
                "ratified",
                "Urgent",
                lambda rows, _: rows.filter(urgent=True).exclude(ratified="ratified"),
                [("no", "not ratified")],
            ),
        ],
        empty="No mandates yet. One is asked for before anybody else's mail is looked at.",
        noun="mandates",
        sort="-number",
        slim=lambda rows: rows.select_related("person", "department").prefetch_related("subjects__person"),
    )
    actions = [Action("Request an examination", reverse("mandate-new"), primary=True)] if could(request, "mandate.ask") else []
    waiting = mandates.waiting_for(request.actor, now)
    sealed = {GROUNDS[g]: n for g, n in mandates.sealed_counts().items() if g in GROUNDS} if request.actor.holds("auditor") else {}
    page = Page("Examinations", "Oversight", actions=actions)
    return listing.render_list(request, "workbench/mandates.html", table, {"page": page, "waiting": waiting, "sealed": sealed})


def _number(row: Row) -> Cell:
    return Cell(row.number, reverse("mandate", args=[row.number]))


def _state(row: Row) -> Cell:
    hint = RATIFICATIONS[row.ratified][1].lower() if row.ratified in ("overdue", "rejected") else ""
    return Cell.of(EXAMINATIONS[row.state], hint)


def _about(row: Row, reader: str) -> str:
    """Auditors see in a list how many, never who (pages, /oversight/)."""
    people = [s.person for s in row.subjects.all() if s.until is None]
    if row.department:
        return str(row.department)
    if row.person.uid != reader and (row.approver is None or row.approver.uid != reader):
        return f"{len(people)} {'person' if len(people) == 1 else 'people'}"
    names = ", ".join(p.display for p in people[:2])
    return f"{names} and {len(people) - 2} more" if len(people) > 2 else names
