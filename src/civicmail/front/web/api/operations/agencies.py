"""Agencies and contracts: list, add, change, suspend (P-09)."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.conduct.acts.undertakings import GIVE_UNDERTAKING, RECORD_UNDERTAKING
from civicmail.city.directory.models import Agency, Episode
from civicmail.city.identity.acts import agencies
from civicmail.city.identity.lists.agencies import AGENCIES
from civicmail.city.identity.models import Undertaking
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import etags
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who

router = Router(tags=["Agencies"])
ONE = "/agencies/{slug:code}"


class ContractOf(RowSchema):
    """A contract. sponsor: the city's person who answers for the people under it."""

    id: int
    agency: str
    number: str
    sponsor: Who | None
    starts: date
    ends: date


AGENCY_ROW = list_operation(router, AGENCIES)


class OneAgency(AGENCY_ROW.schema):  # type: ignore[misc, name-defined]  # made at run time
    """people: how many work for the city now."""

    people: int
    contracts: list[ContractOf]


def _body(a: Agency) -> OneAgency:
    rows = a.contracts.select_related("sponsor", "agency").order_by("number")
    people = Episode.objects.filter(contract__agency=a, ended__isnull=True).count()
    return OneAgency(**AGENCY_ROW.values(a), people=people, contracts=[ContractOf.from_row(c) for c in rows])


@operation(router, "GET", ONE, act="agency.see", scope="read:people", page="agency", response=OneAgency)
def read_agency(request: Call, response: HttpResponse, code: str) -> OneAgency:
    """Read an agency: contracts with sponsors, and number of people working here."""
    require(request, "agency.see")
    return etags.with_etag(response, _body(get_object_or_404(Agency, code=code)))


act_operation(router, agencies.ADD_AGENCY, OneAgency, _body)
act_operation(router, agencies.CHANGE_AGENCY, OneAgency, _body, shown=_body)
act_operation(router, agencies.ADD_CONTRACT, ContractOf, ContractOf.from_row)
act_operation(router, agencies.CHANGE_CONTRACT, ContractOf, lambda done: ContractOf.from_row(done[0]), shown=ContractOf.from_row)
for act in (agencies.SUSPEND_AGENCY, agencies.RESUME_AGENCY):
    act_operation(router, act, OneAgency, lambda done: _body(done[0]), shown=_body)


# -- what an agency has bound itself to


class Bound(RowSchema):
    """version: of the policy; how: paper, contact or before."""

    agency: str
    version: int
    how: str
    reference: str
    at: datetime


def _bound(u: Undertaking) -> Bound:
    return Bound.from_row(u, version=u.text.version)


act_operation(router, RECORD_UNDERTAKING, Bound, _bound)
act_operation(router, GIVE_UNDERTAKING, Bound, _bound)
