"""External systems: access, and its end (P-08)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.conduct import external_account_states
from civicmail.city.conduct.actions import external_systems as verbs
from civicmail.city.conduct.acts import external_systems as external_system_acts
from civicmail.city.conduct.lists.external_systems import EXTERNAL_SYSTEMS
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding
from civicmail.city.conduct.queries import external_systems
from civicmail.city.conduct.views import external_system_forms as typed
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import may, require
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, shown_as, who

router = Router(tags=["External systems"])
ONE = "/outside-doors/{slug:code}"
DOOR_ROW = list_operation(router, EXTERNAL_SYSTEMS)


class OutsideAccess(RowSchema):
    """login: as they are called there; ended: when it was confirmed that they get in no more."""

    id: int
    door: str
    person: Who
    login: str
    since: datetime
    ended: datetime | None


class OutsideEnd(RowSchema):
    """What has to end there. state: as on the page; overdue: since when it is a finding."""

    id: int
    door: str
    person: Who
    login: str
    state: Annotated[str, shown_as(external_account_states.WORDS)]
    made: datetime
    due: datetime
    tries: int
    problem: str
    done: datetime | None
    how: str
    overdue: datetime | None


class Login(Schema):
    """person: number; login: as they are called there."""

    person: str
    login: str


class GettingIn(request_bodies.Because):
    """At most five thousand."""

    people: list[Login]


class NewPeople(Schema):
    """How many are new."""

    count: int


@operation(
    router, "GET", f"{ONE}/people", act="outside.see", scope="read:access", page="outside-door", response=list[OutsideAccess]
)
def list_outside_people(request: Call, response: HttpResponse, code: str) -> list[OutsideAccess]:
    """List people with access to a system, present and past."""
    require(request, "outside.see")
    return pagination.rows(request, response, _accounts().filter(door=_the_door(code)), _account, by="pk")


@operation(router, "POST", f"{ONE}/people", act="outside.change", scope="write:access", page="outside-give", response=NewPeople)
def give_outside(request: Call, code: str, body: GettingIn) -> NewPeople:
    """Set who has access there, all or none. Creates no accounts there."""
    require(request, "outside.change")
    row = _the_door(code)
    lines = "\n".join(f"{' '.join(person_.person.split())} {' '.join(person_.login.split())}" for person_ in body.people)
    form = typed.GiveAccess({"people": lines, "reason": body.reason})
    reason = request_bodies.checked(form)["reason"]
    people = form.people_and_logins()
    return once(
        request, lambda: NewPeople(count=verbs.give(row, people, actor=request.actor, reason=reason, now=epoch_ms(request.now)))
    )


@operation(
    router, "GET", "/departments/{slug:department}/people/{str:uid}/outside", act="outside.of-person", scope="read:access",
    page="outside-person", response=list[OutsideAccess],
)  # fmt: skip
def list_outside_of_person(request: Call, response: HttpResponse, department: str, uid: str) -> list[OutsideAccess]:
    """List the external systems of a person."""
    where = department_of(department)
    require(request, "outside.of-person", InDepartment(where.code))
    person = get_object_or_404(Person.objects.filter(episodes__department=where).distinct(), uid=uid)
    return pagination.rows(request, response, _accounts().filter(person=person), _account, by="pk")


@operation(
    router, "GET", "/outside-endings", act="outside.confirm", scope="read:access", page="outside-endings",
    response=list[OutsideEnd],
)  # fmt: skip
def list_outside_endings(request: Call, response: HttpResponse) -> list[OutsideEnd]:
    """List accounts to be ended there, newest first: for an owner their own systems, for the office and auditors all."""
    rows = external_systems.endings()
    if not may(request, "outside.see"):
        rows = rows.filter(account__door__person__uid=request.actor.uid)
        if not OutsideDoor.objects.filter(person__uid=request.actor.uid).exists():
            require(request, "outside.see")
    return pagination.rows(request, response, rows, _ending, by="-pk")


def _the_door(code: str) -> OutsideDoor:
    return get_object_or_404(OutsideDoor.objects.select_related("person"), code=code)


def _accounts() -> Any:
    return OutsideAccount.objects.select_related("person", "door")


def _account(a: OutsideAccount) -> OutsideAccess:
    return OutsideAccess.from_row(a, door=a.door.code)


def _ending(e: OutsideEnding) -> OutsideEnd:
    return OutsideEnd.from_row(e, door=e.account.door.code, person=who(e.account.person), login=e.account.login)


act_operation(router, external_system_acts.ADD_SYSTEM, DOOR_ROW.schema, DOOR_ROW)
act_operation(router, external_system_acts.CHANGE_SYSTEM, DOOR_ROW.schema, DOOR_ROW)
act_operation(router, external_system_acts.CLOSE_SYSTEM, DOOR_ROW.schema, DOOR_ROW)
act_operation(router, external_system_acts.END_ACCOUNT, OutsideAccess, _account)
act_operation(router, external_system_acts.CONFIRM_ENDING, OutsideEnd, _ending)
