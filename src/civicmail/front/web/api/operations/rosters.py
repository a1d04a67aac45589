"""Bulk authorization, personal use, sponsors, discrepancies (P-04, P-08, P-09, P-10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Schema

from civicmail.city.conduct.queries import discrepancies, sponsored_people
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.resources import InDepartment, OfPerson
from civicmail.city.identity.actions import bulk_authorization as verbs
from civicmail.city.identity.acts.personal_use import ALLOW_PERSONAL_USE, END_PERSONAL_USE
from civicmail.city.identity.acts.positions import WRITE_PROFILE
from civicmail.city.identity.models import PersonalUse, Profile
from civicmail.city.identity.queries import roster
from civicmail.city.identity.views.bulk_authorization import newest
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import me, require, require_could
from civicmail.city.pages.forms import PeopleChoiceForm, end_of_day
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.departments import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Right, RowSchema, Who, right, who

ONE = "/departments/{slug:department}"


class PositionLine(Schema):
    """people: who work in it; without: of them, those without access."""

    position: str
    people: int
    without: int


class OnePosition(Schema):
    """The four reasons by the newest version of its profile, 0 where there is none; and who has no access yet."""

    position: str
    version: int
    duties: str
    performance: str
    efficiency: str
    service: str
    without: list[Who]


class Authorising(Schema):
    """people: numbers, at most fifty of those without access; until: the last day; version: of the profile as it was read."""

    people: list[str]
    until: date
    version: int


class PersonalUseLine(RowSchema):
    """What is allowed to a position, or to one person, or to everybody of the department; until: the last day."""

    id: int
    position: str
    person: Who | None
    limits: str
    until: date
    by: Who


class Sponsored(RowSchema):
    """Somebody of an agency, and who answers for them."""

    person: Who
    department: str
    agency: str
    contract: str
    ends: date
    sponsor: Who | None


class Unfitting(RowSchema):
    """kind: as on the page; where: the department; act: what is done about it."""

    kind: str
    who: str
    hint: str
    where: str
    since: datetime | None
    act: str


@operation(
    router, "GET", f"{ONE}/positions", act="roster.authorise", scope="read:access", page="positions", response=list[PositionLine]
)
def list_positions(request: Call, response: HttpResponse, department: str) -> list[PositionLine]:
    """List positions of a department, those with most people without access first."""
    where = _decides(request, department)
    return pagination.slices(request, response, roster.positions(where), _position, key=lambda p: p.name)


def _position(p: roster.Position) -> PositionLine:
    return PositionLine(position=p.name, people=p.people, without=p.without)


@operation(router, "GET", f"{ONE}/position", act="roster.authorise", scope="read:access", page="position", response=OnePosition)
def read_position(request: Call, department: str, name: str) -> OnePosition:
    """Read a position: reasons, and people without access."""
    where = _decides(request, department)
    return _one(where, _named(where, name))


@operation(
    router, "POST", f"{ONE}/position/authorise", act="roster.authorise", scope="write:access", page="review", response=list[Right]
)
def authorise_position(request: Call, department: str, name: str, body: Authorising) -> list[Right]:
    """Authorize people of a position in bulk."""
    where = _decides(request, department)
    name = _named(where, name)
    profile = newest(where, name)
    if profile is None or profile.version != body.version:
        raise Conflict("The profile has changed. Read it again.")
    c = request_bodies.checked(PeopleChoiceForm({"until": body.until, "version": body.version}))
    people = list(Person.objects.filter(uid__in=body.people[:500]))
    if len(people) != len(set(body.people)):
        raise Conflict("One of these people is not known; read the position again.")
    until = end_of_day(c["until"])
    return [right(a) for a in verbs.authorize(profile, people, until=until, actor=request.actor, now=epoch_ms(request.now))]


def _decides(request: Call, department: str) -> Department:
    where = department_of(department)
    require_could(request, "roster.authorise", InDepartment(where.code))
    return where


def _named(where: Department, name: str) -> str:
    name = name.strip()
    if not name or not Episode.objects.filter(department=where, position=name).exists():
        raise Http404
    return name


def _one(where: Department, name: str) -> OnePosition:
    profile: Profile | None = newest(where, name)
    rows = Episode.objects.filter(department=where, position=name, ended__isnull=True)
    without = roster.is_without_access(rows).select_related("person").order_by("person__family", "person__given")[:500]
    texts = {field: getattr(profile, field) if profile else "" for field in ("duties", "performance", "efficiency", "service")}
    return OnePosition(position=name, version=profile.version if profile else 0, without=[who(e.person) for e in without], **texts)


# -- personal use


@operation(
    router, "GET", f"{ONE}/personal-use", act="personal-use.set", scope="read:access", page="personal-use",
    response=list[PersonalUseLine],
)  # fmt: skip
def list_personal_use(request: Call, response: HttpResponse, department: str) -> list[PersonalUseLine]:
    """List permitted personal use."""
    where = department_of(department)
    require(request, "personal-use.set", InDepartment(where.code))
    rows = PersonalUse.objects.filter(department=where, ended__isnull=True, until__gte=timezone.localdate(request.now))
    return pagination.rows(request, response, rows.select_related("person", "by"), PersonalUseLine.from_row, by="pk")


# -- people of agencies, and what does not fit


@operation(router, "GET", "/sponsors", act="agency.see", scope="read:people", page="sponsors", response=list[Sponsored])
def list_sponsored(request: Call, response: HttpResponse) -> list[Sponsored]:
    """List sponsors of agencies' people."""
    require(request, "agency.see")
    return pagination.rows(request, response, _sponsored(None), _of_agency, by="pk")


@operation(router, "GET", "/me/sponsored", act="my.sponsored", scope="read:me", page="my-sponsored", response=list[Sponsored])
def list_my_sponsored(request: Call, response: HttpResponse) -> list[Sponsored]:
    """List the people I sponsor."""
    require(request, "my.sponsored", OfPerson(me(request).uid))
    return pagination.rows(request, response, _sponsored(me(request)), _of_agency, by="pk")


def _sponsored(whose: Person | None) -> QuerySet[Any]:
    return sponsored_people.rows(whose).select_related("person", "department", "contract__agency", "contract__sponsor")


def _of_agency(e: Any) -> Sponsored:
    c = e.contract
    return Sponsored.from_row(c, person=who(e.person), department=e.department.code, contract=c.number)


@operation(
    router, "GET", f"{ONE}/reconciliation", act="roster.see", scope="read:access", page="dept-reconcile", response=list[Unfitting]
)
def list_department_reconciliation(request: Call, response: HttpResponse, department: str) -> list[Unfitting]:
    """List discrepancies of a department."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    return _reconciled(request, response, discrepancies.find_discrepancies([where.code], epoch_ms(request.now), feed=False))


@operation(router, "GET", "/reconciliation", act="reconcile.see", scope="read:access", page="reconcile", response=list[Unfitting])
def list_reconciliation(request: Call, response: HttpResponse) -> list[Unfitting]:
    """List discrepancies of the city, with the effects of a pending personnel list."""
    require(request, "reconcile.see")
    codes = list(Department.objects.values_list("code", flat=True))
    return _reconciled(request, response, discrepancies.find_discrepancies(codes, epoch_ms(request.now), feed=True))


def _reconciled(request: Call, response: HttpResponse, lines: list[discrepancies.Discrepancy]) -> list[Unfitting]:
    def shown(n: discrepancies.Discrepancy) -> Unfitting:
        return Unfitting.from_row(n)

    return pagination.slices(request, response, lines, shown, key=lambda n: f"{n.kind}/{n.where}/{n.who}/{n.hint}/{n.args}")


act_operation(router, WRITE_PROFILE, OnePosition, lambda made: _one(made.department, made.position))
for _act in (ALLOW_PERSONAL_USE, END_PERSONAL_USE):
    act_operation(router, _act, PersonalUseLine, PersonalUseLine.from_row)
