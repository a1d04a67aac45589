"""People of a department: read, add, change, move (P-04, P-08)."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.actions.acting import employment
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.acts import people
from civicmail.city.identity.lists.people import PEOPLE
from civicmail.city.identity.queries import access_status, usage
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import require
from civicmail.core.config.clock import now_ms
from civicmail.front.web.api import etags
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import WITH, Right, RowSchema, Who, right

router = Router(tags=["People"])
ONE = "/departments/{slug:department}/people/{str:uid}"
list_operation(router, PEOPLE)


class Work(RowSchema):
    """One stretch of working for the city. contract: agency and number; ended: the day on which it really ended."""

    department: str
    kind: str
    position: str
    supervisor: Who | None
    contract: str
    starts: date
    ends: date | None
    ended: date | None


class Month(Schema):
    """How much somebody sent and received; only counts."""

    month: str
    sent: int
    received: int


class OnePerson(Schema):
    """why_not: the sentence why mail may not be used, empty where it may; ending: id of the end of the employment here."""

    uid: str
    name: str
    given: str
    family: str
    phone: str
    language: str
    why_not: str
    work: list[Work]
    rights: list[Right]
    months: list[Month]
    ending: int | None


@operation(router, "GET", ONE, act="roster.see", scope="read:people", page="person", response=OnePerson)
def read_person(request: Call, response: HttpResponse, department: str, uid: str) -> OnePerson:
    """Read a person of a department. People who never worked there are not found."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    person = get_object_or_404(Person, uid=uid)
    if not person.episodes.filter(department=where).exists():
        raise Http404
    return etags.with_etag(response, _person(person, where, epoch_ms(request.now)))


def _person(person: Person, where: Department, now: int) -> OnePerson:
    episodes = person.episodes.select_related("department", "supervisor", "contract__agency").order_by("-starts", "-pk")
    here_ = person.endings.filter(episode__department=where).order_by("-pk").first()
    return OnePerson(
        uid=person.uid, name=person.display, given=person.given, family=person.family, phone=person.phone,
        language=person.language, why_not=str(access_status.why_refused(person.pk, now)), work=[_work(e) for e in episodes],
        rights=[right(a) for a in person.authorizations.select_related(*WITH).order_by("-since", "-pk")],
        months=[Month(month=f"{m.first:%Y-%m}", sent=m.sent, received=m.received) for m in usage.months(person)],
        ending=here_.pk if here_ else None,
    )  # fmt: skip


def _work(e: Episode) -> Work:
    return Work.from_row(e, contract=str(e.contract) if e.contract else "")


def _employed(work: Episode) -> OnePerson:
    return _person(work.person, work.department, now_ms())


def _at_work(person: Person) -> OnePerson:
    return _employed(employment(person))


act_operation(router, people.ADD_PERSON, OnePerson, _at_work)
act_operation(router, people.REHIRE_PERSON, OnePerson, _employed)
act_operation(router, people.CHANGE_PERSON, OnePerson, _employed, shown=_employed)
act_operation(router, people.MOVE_PERSON, OnePerson, lambda done: _at_work(done[0]))
