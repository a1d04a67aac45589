"""People of a department: read, add, change, move (P-04, P-08)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import people as verbs
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.queries import access_status, roster, usage
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require, require_could
from civicmail.city.access.views.people import contracts, here, name_of, work_of
from civicmail.city.access.views.personforms import Change, Move, NewPerson, Rehire
from civicmail.city.access.views.roster import department_of
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import WITH, Right, Who, maybe, right

router = Router(tags=["People"])
PEOPLE = "/departments/{slug:department}/people"
ONE = f"{PEOPLE}/{{str:uid}}"


class PersonLine(Schema):
    """access: state of the person's own right, empty without one; used: the last day on which it was used."""

    uid: str
    name: str
    kind: str
    position: str
    mailboxes: list[str]
    access: str
    until: datetime | None
    used: date | None
    accepted: int | None


class Work(Schema):
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


class WorkToBegin(request_bodies.Because):
    """Work that begins. contract: number of the row, for contractors, vendors and agents; supervisor: number or address."""

    kind: str
    contract: int | None = None
    position: str = ""
    supervisor: str = ""
    starts: date
    ends: date | None = None


class Somebody(WorkToBegin):
    """uid: of the personnel system, for ever; display: as it stands in From."""

    uid: str
    family: str
    given: str = ""
    display: str = ""
    phone: str = ""
    language: str = "en"


class Different(request_bodies.Because):
    """What is left out stays as it is."""

    family: str | None = None
    given: str | None = None
    display: str | None = None
    phone: str | None = None
    language: str | None = None
    position: str | None = None
    supervisor: str | None = None


class Moving(request_bodies.Because):
    """department: to which one; overlap: days for which access of the old one goes on."""

    department: str
    position: str = ""
    supervisor: str = ""
    overlap: int = verbs.OVERLAP_DAYS


@operation(router, "GET", PEOPLE, act="roster.see", scope="read:people", page="people", response=list[PersonLine])
def list_people(request: Call, response: HttpResponse, department: str) -> list[PersonLine]:
    """List the people of a department by personnel number."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    return pagination.rows(request, response, roster.with_rights(roster.people(where)), _line, by="person__uid")


def _line(e: Any) -> PersonLine:
    return PersonLine(
        uid=e.person.uid, name=e.person.display, kind=e.kind, position=e.position,
        mailboxes=[a.mailbox.address for a in e.person.living], access=e.access_state or "", until=e.access_until, used=e.used,
        accepted=e.accepted,
    )  # fmt: skip


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
        rights=[right(a) for a in person.authorisations.select_related(*WITH).order_by("-since", "-pk")],
        months=[Month(month=f"{m.first:%Y-%m}", sent=m.sent, received=m.received) for m in usage.months(person)],
        ending=here_.pk if here_ else None,
    )  # fmt: skip


def _work(e: Episode) -> Work:
    return Work(
        department=e.department.code, kind=e.kind, position=e.position, supervisor=maybe(e.supervisor),
        contract=str(e.contract) if e.contract else "", starts=e.starts, ends=e.ends, ended=e.ended,
    )  # fmt: skip


@operation(router, "POST", PEOPLE, act="person.change", scope="write:people", page="person-new", response=OnePerson, status=201)
def add_person(request: Call, department: str, body: Somebody) -> OnePerson:
    """Add a person; mail access is requested afterwards."""
    where = department_of(department)
    require_could(request, "person.change", InDepartment(where.code))
    c = request_bodies.checked(NewPerson(contracts(request), request_bodies.plain(body)))

    def do() -> OnePerson:
        now = epoch_ms(request.now)
        made = verbs.add(c["uid"], name_of(c), work_of(where, c), actor=request.actor, reason=c["reason"], now=now)
        return _person(made, where, now)

    return once(request, do)


@operation(router, "POST", f"{ONE}/rehire", act="person.change", scope="write:people", page="person-rehire", response=OnePerson)
def rehire_person(request: Call, department: str, uid: str, body: WorkToBegin) -> OnePerson:
    """Rehire a former employee, without the old access."""
    where, person, _ = here(request, department, uid, now=False)
    c = request_bodies.checked(Rehire(contracts(request), request_bodies.plain(body)))
    verbs.rehire(person, work_of(where, c), actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
    return _person(person, where, epoch_ms(request.now))


@operation(router, "PATCH", ONE, act="person.change", scope="write:people", page="person-change", response=OnePerson)
def change_person(request: Call, response: HttpResponse, department: str, uid: str, body: Different) -> OnePerson:
    """Change name, phone, position or supervisor; `If-Match` carries the version read."""
    with single_publication():
        Person.objects.select_for_update().filter(uid=uid).first()
        where, person, work = here(request, department, uid)
        etags.require(request, _person(person, where, epoch_ms(request.now)))
        now = {f: getattr(person, f) for f in ("given", "family", "display", "phone", "language")}
        now |= {"position": work.position, "supervisor": work.supervisor.uid if work.supervisor else ""}
        c = request_bodies.checked(Change({**now, **request_bodies.plain(body)}))
        act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
        verbs.rename(person, name_of(c), **act)
        if (c["position"], c["supervisor"]) != (work.position, work.supervisor):
            verbs.change_work(person, position=c["position"], supervisor=c["supervisor"], **act)
    return etags.with_etag(response, _person(Person.objects.get(uid=uid), where, epoch_ms(request.now)))


@operation(router, "POST", f"{ONE}/move", act="person.change", scope="write:people", page="person-move", response=OnePerson)
def move_person(request: Call, department: str, uid: str, body: Moving) -> OnePerson:
    """Move a person to another department: old authorizations continue for some days, and the new department decides."""
    where, person, _ = here(request, department, uid)
    others = Department.objects.filter(closed__isnull=True).exclude(pk=where.pk).values_list("code", "name")
    c = request_bodies.checked(Move(list(others), request_bodies.plain(body)))
    to = Department.objects.get(code=c["department"])
    verbs.move(
        person, to, position=c["position"], supervisor=c["supervisor"], overlap=c["overlap"], actor=request.actor,
        reason=c["reason"], now=epoch_ms(request.now),
    )  # fmt: skip
    return _person(person, to, epoch_ms(request.now))
