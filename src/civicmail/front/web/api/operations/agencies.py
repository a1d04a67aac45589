"""Agencies and contracts: list, add, change, suspend (P-09)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import organization, undertakings
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.models import PolicyText, Undertaking
from civicmail.city.access.queries.undertakings import contact_of, required_version
from civicmail.city.access.views.city_request import me, require
from civicmail.city.access.views.officeforms import AgencyWords, ContractEnd, NewAgency, NewContract
from civicmail.city.conduct.views.undertakings import Bind, Paper
from civicmail.city.directory.models import Agency, Contract, Episode
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe

router = Router(tags=["Agencies"])
ONE = "/agencies/{slug:code}"


class AgencyLine(Schema):
    """suspended: since when it is switched off."""

    code: str
    name: str
    contact: str
    suspended: datetime | None


class ContractOf(Schema):
    """A contract. sponsor: the city's person who answers for the people under it."""

    id: int
    agency: str
    number: str
    sponsor: Who | None
    starts: date
    ends: date


class OneAgency(AgencyLine):
    """people: how many work for the city now."""

    people: int
    contracts: list[ContractOf]


class AgencyToChange(request_bodies.Because):
    """contact: whom one reaches there."""

    name: str
    contact: str = ""


class AgencyToAdd(AgencyToChange):
    """code: small letters, digits and dashes, for ever."""

    code: str


class ContractTerms(request_bodies.Because):
    """sponsor: number or address; ends: the last day."""

    sponsor: str = ""
    ends: date


class ContractToAdd(ContractTerms):
    """A contract of an agency."""

    number: str
    starts: date


@operation(router, "GET", "/agencies", act="agency.see", scope="read:people", page="agencies", response=list[AgencyLine])
def list_agencies(request: Call, response: HttpResponse) -> list[AgencyLine]:
    """List agencies by code."""
    require(request, "agency.see")
    return pagination.rows(request, response, Agency.objects.all(), lambda a: AgencyLine(**_facts(a)), by="code")


def _facts(a: Agency) -> dict[str, Any]:
    return {"code": a.code, "name": a.name, "contact": a.contact, "suspended": a.suspended}


def _body(a: Agency) -> OneAgency:
    rows = a.contracts.select_related("sponsor", "agency").order_by("number")
    people = Episode.objects.filter(contract__agency=a, ended__isnull=True).count()
    return OneAgency(**_facts(a), people=people, contracts=[_terms(c) for c in rows])


def _terms(c: Contract) -> ContractOf:
    return ContractOf(id=c.pk, agency=c.agency.code, number=c.number, sponsor=maybe(c.sponsor), starts=c.starts, ends=c.ends)


@operation(router, "GET", ONE, act="agency.see", scope="read:people", page="agency", response=OneAgency)
def read_agency(request: Call, response: HttpResponse, code: str) -> OneAgency:
    """Read an agency: contracts with sponsors, and number of people working here."""
    require(request, "agency.see")
    return etags.with_etag(response, _body(get_object_or_404(Agency, code=code)))


@operation(
    router, "POST", "/agencies", act="agency.change", scope="write:people", page="agency-new", response=OneAgency, status=201
)
def add_agency(request: Call, body: AgencyToAdd) -> OneAgency:
    """Add an agency whose people work for the city."""
    require(request, "agency.change")
    c = request_bodies.checked(NewAgency(request_bodies.plain(body)))
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
    return once(request, lambda: _body(organization.make_agency(c["code"], c["name"], contact=c["contact"], **act)))


@operation(router, "PATCH", ONE, act="agency.change", scope="write:people", page="agency-change", response=OneAgency)
def change_agency(request: Call, response: HttpResponse, code: str, body: AgencyToChange) -> OneAgency:
    """Change the name and contact of an agency; the code stays."""
    require(request, "agency.change")
    c = request_bodies.checked(AgencyWords(request_bodies.plain(body)))
    return _changed(
        request, response, code, c["reason"], lambda a, **act: organization.change_agency(a, c["name"], c["contact"], **act)
    )


@operation(router, "POST", f"{ONE}/off", act="agency.suspend", scope="write:access", page="agency-off", response=OneAgency)
def switch_agency_off(request: Call, response: HttpResponse, code: str, body: request_bodies.Because) -> OneAgency:
    """Suspend the mail of all people of an agency at once."""
    require(request, "agency.suspend")
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    return _changed(request, response, code, c["reason"], organization.suspend_agency)


@operation(router, "POST", f"{ONE}/on", act="agency.suspend", scope="write:access", page="agency-on", response=OneAgency)
def switch_agency_on(request: Call, response: HttpResponse, code: str, body: request_bodies.Because) -> OneAgency:
    """End the suspension; people use mail again as far as each is authorized."""
    require(request, "agency.suspend")
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    return _changed(request, response, code, c["reason"], organization.resume_agency)


@operation(
    router,
    "POST",
    f"{ONE}/contracts",
    act="agency.change",
    scope="write:people",
    page="contract-new",
    response=ContractOf,
    status=201,
)
def add_contract(request: Call, code: str, body: ContractToAdd) -> ContractOf:
    """Add a contract with its dates and its sponsor in the city."""
    require(request, "agency.change")
    agency = get_object_or_404(Agency, code=code)
    c = request_bodies.checked(NewContract(request_bodies.plain(body)))
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
    terms = (c["number"], c["sponsor"], c["starts"], c["ends"])
    return once(request, lambda: _terms(organization.make_contract(agency, *terms, **act)))


@operation(
    router, "PATCH", "/contracts/{int:id}", act="agency.change", scope="write:people", page="contract-change", response=ContractOf
)
def change_contract(request: Call, response: HttpResponse, id: int, body: ContractTerms) -> ContractOf:
    """Change sponsor or last day; access ends with the contract at the latest."""
    require(request, "agency.change")
    c = request_bodies.checked(ContractEnd(request_bodies.plain(body)))
    rows = Contract.objects.select_related("agency", "sponsor")
    with single_publication():
        Contract.objects.select_for_update().filter(pk=id).first()
        row = get_object_or_404(rows, pk=id)
        etags.require(request, _terms(row))
        organization.change_contract(
            row, c["sponsor"], c["ends"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )
    return etags.with_etag(response, _terms(rows.get(pk=id)))


def _changed(request: Call, response: HttpResponse, code: str, reason: str, do: Callable[..., object]) -> OneAgency:
    """`If-Match` says what was seen; row and verb are one transaction."""
    with single_publication():
        row = get_object_or_404(Agency.objects.select_for_update(), code=code)
        etags.require(request, _body(row))
        do(row, actor=request.actor, reason=reason, now=epoch_ms(request.now))
    return etags.with_etag(response, _body(Agency.objects.get(code=code)))


# -- what an agency has bound itself to


class Bound(Schema):
    """version: of the policy; how: paper, contact or before."""

    agency: str
    version: int
    how: str
    reference: str
    at: datetime


class SignedPaper(Schema):
    """reference: where the signed paper is kept."""

    reference: str


class Binding(Schema):
    """answer: true binds the agency and its people; shown: the SHA-256 of the text that was read (`read_policy`)."""

    answer: bool
    shown: str


@operation(
    router, "POST", f"{ONE}/undertakings", act="undertaking.record", scope="write:people", page="undertaking", response=Bound,
    status=201,
)  # fmt: skip
def record_undertaking(request: Call, code: str, body: SignedPaper) -> Bound:
    """Record a compliance agreement that an agency signed on paper, for the version in force."""
    require(request, "undertaking.record")
    agency, text = get_object_or_404(Agency, code=code), _in_force(request)
    reference = request_bodies.checked(Paper(request_bodies.plain(body)))["reference"]
    return once(
        request, lambda: _bound(undertakings.record(agency, text, reference, actor=request.actor, now=epoch_ms(request.now)))
    )


@operation(
    router, "POST", f"{ONE}/undertakings/mine", act="undertaking.give", scope="write:me", page="undertaking-give", response=Bound,
    status=201,
)  # fmt: skip
def give_undertaking(request: Call, code: str, body: Binding) -> Bound:
    """Sign the compliance agreement in force for the agency whose contact I am."""
    require(request, "undertaking.give")
    agency, text = get_object_or_404(Agency, code=code), _in_force(request)
    if contact_of(agency) != me(request):
        raise Http404
    shown = request_bodies.checked(Bind({"answer": body.answer or "", "shown": body.shown}))["shown"]
    return once(request, lambda: _bound(undertakings.give(agency, text, shown, actor=request.actor, now=epoch_ms(request.now))))


def _in_force(request: Call) -> PolicyText:
    if (text := required_version(epoch_ms(request.now))) is None:
        raise Http404
    return text


def _bound(u: Undertaking) -> Bound:
    return Bound(agency=u.agency.code, version=u.text.version, how=u.how, reference=u.reference, at=u.at)
