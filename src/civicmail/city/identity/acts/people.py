"""Acts on people and their work, where no personnel list keeps them: add, rehire, change, move (P-08; M6, L5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.resources import PersonIn, Resource
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.identity.acts.person_inputs import Moving, PersonToAdd, PersonToChange, WorkToBegin
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Choices

if TYPE_CHECKING:
    from civicmail.city.directory.actions.people import Name, Work
    from civicmail.city.directory.models import Department, Episode, Person

_PERMISSION, _SCOPE = "person.change", "write:people"
_ROUTE, _PATH = "dept/<slug:department>/people/<str:uid>", "/departments/{slug:department}/people/{str:uid}"
_PERSON = Parameter("PERSON", "The number in the directory, or the sign-in name.")
_DEPARTMENT = Parameter("CODE", "The code of a department.", option="--department")
_HIRED = {"kind": "employee", "starts": ""}
_CONTRACT = {"contract": "AGENCY/NUMBER"}


@dataclass(frozen=True, slots=True)
class Hiring:
    """A department, and a person who worked there before, with the last employment."""

    department: Department
    person: Person
    last: Episode | None


class AddPerson(Act["Department", PersonToAdd, "Person"]):
    """Add a person who works for the city, without mail access, which the department decides."""

    name, permission, input = "add_person", _PERMISSION, PersonToAdd
    page = Page("dept/<slug:department>/new-person/", "person-new")
    operation = Operation("/departments/{slug:department}/people", _SCOPE, status=201)
    command = Command(
        "people add", row={"department": _DEPARTMENT}, positions=("uid",), defaults=_HIRED, metavars=_CONTRACT, personal=True,
        tables=True, json=True,
    )  # fmt: skip

    model, key = "directory.Department", "code"

    def resource(self, row: Department, actor: Actor) -> Resource:
        """The resource for adding anyone here; the verb checks the number given."""
        return PersonIn(row.code, "")

    def find(self, department: str, *, actor: Actor, now: int) -> Department:
        from civicmail.city.directory.queries import department_named

        return department_named(department)

    def from_command(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return _hired(given)

    def choices(self, row: Department, actor: Actor) -> Mapping[str, Choices]:
        return {"language": _languages(), **_work_choices()}

    def initial(self, row: Department) -> Mapping[str, Any]:
        return {"language": PersonToAdd.language.default, "starts": _today()}

    def perform(self, row: Department, given: PersonToAdd, *, actor: Actor, now: int) -> Person:
        from civicmail.city.identity.actions import people

        return people.add(given.uid, _name(given), _work(row, given), actor=actor, reason=given.reason, now=now)

    def message(self, row: Department, done: Person) -> str:
        return f"{done} ({done.uid}) works in {row} now, without mail access."

    def as_json(self, done: Person) -> Mapping[str, Any]:
        return {"uid": done.uid, "name": done.display}

    def after(self, done: Person) -> str:
        """The request for mail access, which most new people need; its Cancel leads to the person."""
        from urllib.parse import urlencode

        from django.urls import reverse

        return f"{reverse('request-new')}?{urlencode({'person': done.uid})}"

    def form_page(self, row: Department) -> FormPage:
        crumbs = _crumbs(row)
        return FormPage(
            title="New person", section=row.name, submit="Add 1 person", back=crumbs[0][1], crumbs=crumbs,
            note="Nobody gets mail access by this: it is asked for and approved like everybody's.",
        )  # fmt: skip


class RehirePerson(PersonAct[Hiring, WorkToBegin, "Episode"]):
    """Rehire a former employee, without the old access."""

    name, permission, input = "rehire_person", _PERMISSION, WorkToBegin
    page = Page(f"{_ROUTE}/rehire/", "person-rehire")
    operation = Operation(f"{_PATH}/rehire", _SCOPE)
    command = Command(
        "people rehire", row={"person": _PERSON, "department": _DEPARTMENT}, defaults=_HIRED, metavars=_CONTRACT, personal=True,
        tables=True, json=True,
    )  # fmt: skip

    def load(self, department: str, uid: str, *, actor: Actor, now: int) -> Hiring:
        last = _employment(department, uid, actor=actor, now=now, is_open=False)
        return Hiring(last.department, last.person, last)

    def find(self, person: str, department: str, *, actor: Actor, now: int) -> Hiring:
        from civicmail.city.directory.queries import department_named
        from civicmail.city.identity.queries.signin import person_named

        return Hiring(department_named(department), person_named(person), None)

    def from_command(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return _hired(given)

    def choices(self, row: Hiring, actor: Actor) -> Mapping[str, Choices]:
        return _work_choices()

    def initial(self, row: Hiring) -> Mapping[str, Any]:
        last = {"kind": row.last.kind, "position": row.last.position} if row.last else {}
        return {**last, "starts": _today()}

    def perform(self, row: Hiring, given: WorkToBegin, *, actor: Actor, now: int) -> Episode:
        from civicmail.city.identity.actions import people

        return people.rehire(row.person, _work(row.department, given), actor=actor, reason=given.reason, now=now)

    def message(self, row: Hiring, done: Episode) -> str:
        return f"{row.person} works in {row.department} again, without mail access."

    def as_json(self, done: Episode) -> Mapping[str, Any]:
        return {"uid": done.person.uid, "name": done.person.display}

    def form_page(self, row: Hiring) -> FormPage:
        crumbs = _crumbs(row.department, row.person)
        return FormPage(
            title=f"Rehire {row.person}?", section=row.department.name, submit="Begin 1 employment",
            back=crumbs[1][1], crumbs=crumbs,
            note="The number and the addresses stay this person's. Access is authorized anew.",
        )  # fmt: skip


class ChangePerson(PersonAct["Episode", PersonToChange, "Episode"]):
    """Change name, phone, position or supervisor; what is left out stays as it is."""

    name, permission, input = "change_person", _PERMISSION, PersonToChange
    page = Page(f"{_ROUTE}/change/", "person-change")
    operation = Operation(_PATH, _SCOPE, method="PATCH")
    command = Command("people change", row={"person": _PERSON}, personal=True, tables=True, json=True)
    success_message = "What is different was saved."

    def load(self, department: str, uid: str, *, actor: Actor, now: int) -> Episode:
        return _employment(department, uid, actor=actor, now=now)

    def find(self, person: str, *, actor: Actor, now: int) -> Episode:
        return _last_work(person, self.permission, actor, now)

    def choices(self, row: Episode, actor: Actor) -> Mapping[str, Choices]:
        return {"language": _languages()}

    def initial(self, row: Episode) -> Mapping[str, Any]:
        names = {field: getattr(row.person, field) for field in ("given", "family", "display", "phone", "language")}
        return {**names, "position": row.position, "supervisor": row.supervisor.uid if row.supervisor else ""}

    def perform(self, row: Episode, given: PersonToChange, *, actor: Actor, now: int) -> Episode:
        from civicmail.city.identity.actions import people

        return people.change(
            row, _name(given), position=given.position, supervisor=given.supervisor, actor=actor, reason=given.reason, now=now
        )

    def as_json(self, done: Episode) -> Mapping[str, Any]:
        return {"uid": done.person.uid, "name": done.person.display}

    def form_page(self, row: Episode) -> FormPage:
        crumbs = _crumbs(row.department, row.person)
        return FormPage(
            title=f"Change {row.person}", section=row.department.name, submit="Save", back=crumbs[1][1],
            crumbs=crumbs, note="The display name stands in From of every message. Addresses stay as they are.",
        )  # fmt: skip


class MovePerson(PersonAct["Episode", Moving, tuple["Person", int]]):
    """Move a person to another department: old authorizations continue for some days, and the new department decides."""

    name, permission, input = "move_person", _PERMISSION, Moving
    page = Page(f"{_ROUTE}/move/", "person-move")
    operation = Operation(f"{_PATH}/move", _SCOPE)
    command = Command("people move", row={"person": _PERSON}, personal=True, tables=True, json=True)

    def load(self, department: str, uid: str, *, actor: Actor, now: int) -> Episode:
        return _employment(department, uid, actor=actor, now=now)

    def find(self, person: str, *, actor: Actor, now: int) -> Episode:
        return _last_work(person, self.permission, actor, now)

    def choices(self, row: Episode, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        others = Department.objects.filter(closed__isnull=True).exclude(pk=row.department.pk).order_by("name")
        return {"department": [("", "Choose"), *others.values_list("code", "name")]}

    def initial(self, row: Episode) -> Mapping[str, Any]:
        return {"position": row.position}

    def perform(self, row: Episode, given: Moving, *, actor: Actor, now: int) -> tuple[Person, int]:
        from civicmail.city.directory.queries import department_named
        from civicmail.city.identity.actions import people

        count = people.move(
            row.person, department_named(given.department), position=given.position, supervisor=given.supervisor,
            overlap=given.overlap, actor=actor, reason=given.reason, now=now,
        )  # fmt: skip
        return row.person, count

    def message(self, row: Episode, done: tuple[Person, int]) -> str:
        return f"{row.person} was moved. Rights of {row.department} that end: {done[1]}."

    def as_json(self, done: tuple[Person, int]) -> Mapping[str, Any]:
        return {"uid": done[0].uid, "name": done[0].display}

    def form_page(self, row: Episode) -> FormPage:
        from civicmail.city.identity.authorization_states import LIVING

        where, who, crumbs = row.department, row.person, _crumbs(row.department, row.person)
        living = who.authorizations.filter(department=where, state__in=LIVING).select_related("mailbox")
        return FormPage(
            title=f"Move {who} to another department?", section=where.name, submit="Move 1 person", back=crumbs[0][1],
            crumbs=crumbs,
            effects=[
                f"Rights that end with the overlap: {', '.join(a.mailbox.address for a in living) or 'none'}.",
                "The other department decides afresh who gets mail there, and sees the move as a task.",
            ],
            stays=["Mail and addresses stay this person's."],
        )  # fmt: skip


def _employment(department: str, uid: str, *, actor: Actor, now: int, is_open: bool = True) -> Episode:
    """The last employment of a person in a department. Raises Http404 without one, or without an open one if is_open."""
    from django.shortcuts import get_object_or_404

    from civicmail.city.directory.models import Person
    from civicmail.city.guard import guard
    from civicmail.city.identity.queries.actors import about_person
    from civicmail.city.identity.views.roster import department_of
    from civicmail.city.pages.city_request import or_404

    where, who = department_of(department), get_object_or_404(Person, uid=uid)
    guard.require(actor, _PERMISSION, about_person(who), now=now)
    episodes = who.episodes.filter(department=where).select_related("person", "department", "supervisor")
    return or_404(episodes.filter(ended__isnull=True).first() or (None if is_open else episodes.order_by("-starts").first()))


def _last_work(person: str, permission: str, actor: Actor, now: int) -> Episode:
    """The employment of whom an operator names: the open one, else the last. Raises NotPermitted, Unusable."""
    from civicmail.city.guard import guard
    from civicmail.city.identity.queries.actors import about_person
    from civicmail.city.identity.queries.signin import person_named

    who = person_named(person)
    guard.require(actor, permission, about_person(who), now=now)
    episodes = who.episodes.select_related("person", "department", "supervisor")
    return require_row(
        episodes.filter(ended__isnull=True).first() or episodes.order_by("-starts").first(), f"{who} never worked for the city."
    )


def _hired(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A contract by agency and number, and today where no first day was typed."""
    from civicmail.city.identity.queries import feeds

    typed = {**given, "starts": given.get("starts") or _today().isoformat()}
    if contract := given.get("contract"):
        row = require_row(feeds.contracts().get(contract), f"There is no contract {contract}; say it like northline/26-114.")
        typed["contract"] = str(row.pk)
    return typed


def _today() -> Any:
    from django.utils import timezone

    return timezone.localdate()


def _languages() -> Choices:
    from django.conf import settings

    languages: Choices = settings.LANGUAGES
    return languages


def _work_choices() -> Mapping[str, Choices]:
    """Kinds of people, and contracts that still run."""
    from civicmail.city.directory.models import Contract, Kind

    rows = Contract.objects.filter(ends__gte=_today()).select_related("agency").order_by("agency__name", "number")
    contracts = [("", "None: the city's own people"), *((str(c.pk), f"{c}, until {c.ends:%b %-d, %Y}") for c in rows)]
    return {"kind": Kind.choices, "contract": contracts}


def _work(where: Department, given: PersonToAdd | WorkToBegin) -> Work:
    from civicmail.city.directory.actions.people import Work
    from civicmail.city.directory.models import Contract

    contract = Contract.objects.get(pk=given.contract) if given.contract else None
    return Work(given.kind, where, given.position, given.supervisor, contract, given.starts, given.ends)


def _name(given: PersonToAdd | PersonToChange) -> Name:
    from civicmail.city.directory.actions.people import Name

    return Name(given.family, given.given, given.display, given.phone, given.language)


def _crumbs(where: Department, who: Person | None = None) -> Sequence[tuple[str, str]]:
    from django.urls import reverse

    crumbs = [(f"{where.name}: people", reverse("people", args=[where.code]))]
    return [*crumbs, (str(who), reverse("person", args=[where.code, who.uid]))] if who else crumbs


ADD_PERSON, REHIRE_PERSON, CHANGE_PERSON, MOVE_PERSON = AddPerson(), RehirePerson(), ChangePerson(), MovePerson()
ACTS: tuple[Act[Any, Any, Any], ...] = (ADD_PERSON, CHANGE_PERSON, MOVE_PERSON, REHIRE_PERSON)
