"""Agencies and their contracts: who works for the city from outside, who answers for them, and the switch (P-09, C1, C3)."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Agency, Contract, Episode
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries import history, undertakings
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label


@acting("agency.see")
def agency(request: CityRequest, code: str) -> HttpResponseBase:
    """Its contracts with their sponsors, its people now, and what happened."""
    require(request, "agency.see")
    row = get_object_or_404(Agency, code=code)
    today = timezone.localdate(request.now)
    people = Episode.objects.filter(contract__agency=row, ended__isnull=True)
    table = listing.from_query(
        request,
        people,
        caption=f"People of {row.name}",
        columns=[
            Column("name", "Name", _person, ("person__family", "person__given")),
            Column("department", "Department", lambda e: str(e.department), ("department__name",)),
            Column("position", "Position", lambda e: e.position, ("position",)),
            Column("contract", "Contract", lambda e: e.contract.number, ("contract__number",), name="contract"),
            Column("until", "Contract ends", lambda e: e.contract.ends, ("contract__ends",), name="contract ends"),
        ],
        filters=[Filter("q", "Name", lambda rows, value: rows.filter(person__display__icontains=value))],
        empty=f"Nobody of {row.name} works for the city now.",
        sort="name",
        slim=lambda rows: rows.select_related("person", "department", "contract"),
    )
    contracts = row.contracts.select_related("sponsor").order_by(F("ends").desc(), "number")
    shown = {
        "page": _page(request, row, table.everything),
        "agency": row,
        "contracts": [(c, _contract_state(c, today)) for c in contracts],
        "may_change": bool(may(request, "agency.change")),
        "events": history.timeline(f"agency:{row.code}", actor=request.actor, now=epoch_ms(request.now)),
    }
    return listing.render_list(request, "identity/agency.html", table, shown)


def _person(e: Any) -> Cell:
    return Cell(str(e.person), reverse("person", args=[e.department.code, e.person.uid]), hint=e.person.uid)


def _contract_state(c: Contract, today: Any) -> tuple[str, str]:
    if c.ends < today:
        return label("expired")
    return label("unassigned" if c.sponsor is None else "active" if c.starts <= today else "scheduled")


def _page(request: CityRequest, row: Agency, people: int) -> Page:
    actions = []
    if may(request, "agency.change"):
        actions.append(Action("Add a contract", reverse("contract-new", args=[row.code]), primary=True))
        actions.append(Action("Change…", reverse("agency-change", args=[row.code])))
    if may(request, "undertaking.record") and undertakings.required_version(epoch_ms(request.now)) is not None:
        actions.append(Action("Record undertaking…", reverse("undertaking", args=[row.code])))
    if may(request, "agency.suspend"):
        way = "on" if row.suspended else "off"
        actions.append(Action(f"Switch {way}…", reverse(f"agency-{way}", args=[row.code])))
    facts = [("Code", row.code), ("People now", people), ("Contact", row.contact or "none")]
    facts.append(("Undertaking", _undertaking(request, row)))
    if row.suspended:
        facts.append(("Off since", row.suspended))
    return Page(row.name, "Agencies", [_crumbs()], label("suspended" if row.suspended else "active"), facts, actions)


def _undertaking(request: CityRequest, row: Agency) -> str:
    """The agency's compliance agreement, and whether it is sufficient (P-09)."""
    signed = next(iter(undertakings.undertakings_of(row)), None)
    status = f"version {signed.text.version}" if signed is not None else "none"
    return status if undertakings.is_bound(row, epoch_ms(request.now)) else f"{status}: its people have no mail before a new one"


def _crumbs() -> tuple[str, str]:
    return "Agencies", reverse("agencies")


def _one(row: Agency) -> tuple[str, str]:
    return row.name, reverse("agency", args=[row.code])
