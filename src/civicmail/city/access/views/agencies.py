"""Agencies and their contracts: who works for the city from outside, who answers for them, and the switch (P-09, C1, C3)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Max, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import organization
from civicmail.city.access.authorization_states import LIVING
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries import history, undertakings
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.officeforms import AgencyWords, ContractEnd, NewAgency, NewContract
from civicmail.city.access.views.page import Action, Page
from civicmail.city.directory.models import Agency, Contract, Episode


@acting("agency.see")
def agencies(request: CityRequest) -> HttpResponseBase:
    """All of them, with how many of their people work here now."""
    require(request, "agency.see")
    now = timezone.localdate(request.now)
    working = Q(contracts__episodes__ended__isnull=True, contracts__episodes__isnull=False)
    table = listing.from_query(
        request,
        Agency.objects.annotate(
            people=Count("contracts__episodes", filter=working, distinct=True),
            running=Count("contracts", filter=Q(contracts__ends__gte=now), distinct=True),
            last=Max("contracts__ends"),
        ),
        caption="Agencies",
        columns=[
            Column("name", "Agency", lambda a: Cell(a.name, reverse("agency", args=[a.code]), hint=a.contact), ("name",)),
            Column("state", "State", lambda a: Cell("Switched off", role="lock") if a.suspended else Cell("In use", role="plain")),
            Column("people", "People now", lambda a: a.people, ("people",), num=True, name="people now"),
            Column("contracts", "Contracts running", lambda a: a.running, ("running",), num=True, name="contracts running"),
            Column("last", "Last one ends", lambda a: a.last, ("last",), name="last one ends"),
        ],
        filters=[
            Filter("q", "Words", lambda rows, value: rows.filter(Q(name__icontains=value) | Q(code__icontains=value))),
            Filter(
                "state", "State", lambda rows, value: rows.filter(suspended__isnull=value == "on"), [("on", "on"), ("off", "off")]
            ),
        ],
        empty="No agency is known. Its people come by the personnel feed once it and its contract are here.",
        noun="agencies",
        sort="name",
    )
    actions = [Action("Add an agency", reverse("agency-new"), primary=True)] if may(request, "agency.change") else []
    actions.append(Action("Who answers for whom?", reverse("sponsors")))
    page = Page("Who works for the city from outside?", "Agencies", actions=actions)
    return listing.render_list(request, "access/list.html", table, {"page": page})


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
        "events": history.timeline(f"agency:{row.code}"),
    }
    return listing.render_list(request, "access/agency.html", table, shown)


def _person(e: Any) -> Cell:
    return Cell(str(e.person), reverse("person", args=[e.department.code, e.person.uid]), hint=e.person.uid)


def _contract_state(c: Contract, today: Any) -> tuple[str, str]:
    if c.ends < today:
        return ("quiet", "Over")
    if c.sponsor is None:
        return ("warn", "No sponsor")
    return ("plain", "Running") if c.starts <= today else ("wait", "Not begun")


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
    state = ("lock", "Switched off") if row.suspended else ("plain", "In use")
    return Page(row.name, "Agencies", [_crumbs()], state, facts, actions)


def _undertaking(request: CityRequest, row: Agency) -> str:
    """What it has bound itself to, and whether that is enough (P-09)."""
    signed = next(iter(undertakings.undertakings_of(row)), None)
    status = f"version {signed.text.version}" if signed is not None else "none"
    return status if undertakings.is_bound(row, epoch_ms(request.now)) else f"{status}: its people have no mail before a new one"


def _crumbs() -> tuple[str, str]:
    return "Agencies", reverse("agencies")


def _one(row: Agency) -> tuple[str, str]:
    return row.name, reverse("agency", args=[row.code])


@acting("agency.change")
def new(request: CityRequest) -> HttpResponse:
    """A company or body whose people work for the city."""
    require(request, "agency.change")
    form = NewAgency(request.POST or None)

    def verb() -> Agency:
        c = form.cleaned_data
        return organization.make_agency(
            c["code"], c["name"], contact=c["contact"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    page = Page("Which agency is new?", "Agencies", [_crumbs()])
    return respond_to_form(
        request, form, verb, page=page, back=reverse("agencies"), template=FORM_TEMPLATE, submit="Add 1 agency",
        message=lambda made: f"{made} was added. Add its contract next.", to=lambda made: reverse("agency", args=[made.code]),
    )  # fmt: skip


@acting("agency.change")
def change(request: CityRequest, code: str) -> HttpResponse:
    """Its name, and how to reach it; the code stays."""
    require(request, "agency.change")
    row = get_object_or_404(Agency, code=code)
    form = AgencyWords(request.POST or None, initial={"name": row.name, "contact": row.contact})

    def verb() -> None:
        c = form.cleaned_data
        organization.change_agency(row, c["name"], c["contact"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    page = Page(f"What is different about {row.name}?", "Agencies", [_crumbs(), _one(row)])
    return respond_to_form(
        request, form, verb, page=page, back=_one(row)[1], template=FORM_TEMPLATE, submit="Save", message="The agency was changed."
    )


@acting("agency.change")
def contract_new(request: CityRequest, code: str) -> HttpResponse:
    """A contract with its dates and the city's person who answers for the people under it."""
    require(request, "agency.change")
    row = get_object_or_404(Agency, code=code)
    form = NewContract(request.POST or None)

    def verb() -> Contract:
        c = form.cleaned_data
        return organization.make_contract(
            row,
            c["number"],
            c["sponsor"],
            c["starts"],
            c["ends"],
            actor=request.actor,
            reason=c["reason"],
            now=epoch_ms(request.now),
        )

    page = Page(f"Under which contract do people of {row.name} work?", "Agencies", [_crumbs(), _one(row)])
    return respond_to_form(
        request, form, verb, page=page, back=_one(row)[1], template=FORM_TEMPLATE, submit="Add 1 contract",
        message=lambda made: f"Contract {made.number} was added.",
    )  # fmt: skip


@acting("agency.change")
def contract_change(request: CityRequest, pk: int) -> HttpResponse:
    """Another sponsor or last day: access ends with the contract at the latest."""
    require(request, "agency.change")
    row = get_object_or_404(Contract.objects.select_related("agency", "sponsor"), pk=pk)
    sponsor = row.sponsor.uid if row.sponsor else ""
    form = ContractEnd(request.POST or None, initial={"sponsor": sponsor, "ends": row.ends})

    def verb() -> int:
        c = form.cleaned_data
        return organization.change_contract(
            row, c["sponsor"], c["ends"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    effects = [
        "Access of the people under it ends with the last day of the contract at the latest.",
        "A later last day makes nobody's access longer: the departments extend it.",
    ]
    page = Page(f"Change contract {row.number}?", "Agencies", [_crumbs(), _one(row.agency)])
    return respond_to_form(
        request, form, verb, page=page, back=_one(row.agency)[1], effects=effects, verb="Change 1 contract",
        message=lambda count: f"The contract was changed. Access that ends earlier now: {count}.",
    )  # fmt: skip


@acting("agency.suspend")
def off(request: CityRequest, code: str) -> HttpResponse:
    """Mail of all its people stops at once, in one act."""
    return _switch(request, code, off=True)


@acting("agency.suspend")
def on(request: CityRequest, code: str) -> HttpResponse:
    """Its people may use mail again, as far as each is authorised."""
    return _switch(request, code, off=False)


def _switch(request: CityRequest, code: str, *, off: bool) -> HttpResponse:
    require(request, "agency.suspend")
    row = get_object_or_404(Agency, code=code)
    people = Episode.objects.filter(contract__agency=row, ended__isnull=True)
    count = people.count()
    mail = Authorisation.objects.filter(episode__in=people, role="holder", state__in=LIVING).count()
    words = f"{count} {'person' if count == 1 else 'people'}"
    verb_of = organization.suspend_agency if off else organization.resume_agency
    form = ReasonForm(request.POST or None)
    effects = [
        f"{words} of {row.name} cannot send, and {'is' if count == 1 else 'are'} out of every page and program within a second."
        if off
        else f"{words} of {row.name} can use mail again, as far as each is authorised. With an authorisation of their own: {mail}.",
        "What comes in for them is kept and held until the agency is switched on again." if off else "What was held is delivered.",
    ]
    stays = ["No mail is deleted, no authorisation ends, no contract changes.", "One entry names everybody whom this concerns."]
    way = "off" if off else "on"
    page = Page(f"Switch {row.name} {way}?", "Agencies", [_crumbs(), _one(row)])
    return respond_to_form(
        request,
        form,
        lambda: verb_of(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=page, back=_one(row)[1], effects=effects, stays=stays, stop=off,
        verb=f"Switch {way} 1 agency with {words}", message=lambda n: f"{row} is switched {way}, with {n} of its people.",
    )  # fmt: skip
