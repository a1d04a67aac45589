"""People and their work, kept by hand where no personnel list does it: somebody new, another name, a move (P-08, M6, L5)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import people as verbs
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.authorization_states import LIVING
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import CityRequest, acting, require, require_could
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.personforms import Change, Move, NewPerson, Rehire
from civicmail.city.access.views.roster import crumb, department_of
from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import Contract, Department, Episode, Person


def _crumbs(where: Department, who: Person | None = None) -> list[tuple[str, str]]:
    crumbs = [crumb(where)]
    return [*crumbs, (str(who), reverse("person", args=[where.code, who.uid]))] if who else crumbs


def contracts(request: CityRequest) -> list[tuple[str, str]]:
    """Contracts that still run, as choices."""
    today = timezone.localdate(request.now)
    rows = Contract.objects.filter(ends__gte=today).select_related("agency").order_by("agency__name", "number")
    return [("", "None: the city's own people"), *((str(c.pk), f"{c}, until {c.ends:%b %-d, %Y}") for c in rows)]


def work_of(where: Department, c: dict[str, Any]) -> Work:
    """Work that begins, of what a form has made of what was typed."""
    contract = Contract.objects.get(pk=c["contract"]) if c["contract"] else None
    return Work(c["kind"], where, c["position"], c["supervisor"], contract, c["starts"], c["ends"])


def name_of(c: dict[str, Any]) -> Name:
    """How somebody is called and reached, of the same."""
    return Name(c["family"], c["given"], c["display"], c["phone"], c["language"])


@acting("person.change")
def new(request: CityRequest, department: str) -> HttpResponse:
    """Somebody begins to work here; mail access is asked for afterwards."""
    where = department_of(department)
    require_could(request, "person.change", InDepartment(where.code))
    form = NewPerson(contracts(request), request.POST or None, initial={"starts": timezone.localdate(request.now)})

    def verb() -> Person:
        c = form.cleaned_data
        return verbs.add(
            c["uid"], name_of(c), work_of(where, c), actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    return respond_to_form(
        request,
        form,
        verb,
        page=Page("Who begins to work here?", where.name, _crumbs(where)),
        back=_crumbs(where)[0][1],
        template=FORM_TEMPLATE,
        submit="Add 1 person",
        note="Nobody gets mail access by this: it is asked for and approved like everybody's.",
        message=lambda made: f"{made} works in {where} now, without mail access.",
        to=lambda made: reverse("person", args=[where.code, made.uid]),
    )


def here(request: CityRequest, department: str, uid: str, *, now: bool = True) -> tuple[Department, Person, Episode]:
    """The department, the person, and their last employment there; 404 for whoever has none, or no open one where now is wanted."""
    where, who = department_of(department), get_object_or_404(Person, uid=uid)
    require(request, "person.change", about_person(who))
    episode = who.episodes.filter(department=where).select_related("supervisor").order_by("ended", "-starts").first()
    open_ = who.episodes.filter(department=where, ended__isnull=True).select_related("supervisor").first()
    episode_here = open_ if now else (open_ or episode)
    if episode_here is None:
        raise Http404
    return where, who, episode_here


@acting("person.change")
def rehire(request: CityRequest, department: str, uid: str) -> HttpResponse:
    """Somebody who worked for the city works here again: nothing of the old access comes back."""
    where, who, last = here(request, department, uid, now=False)
    form = Rehire(
        contracts(request),
        request.POST or None,
        initial={"kind": last.kind, "position": last.position, "starts": timezone.localdate(request.now)},
    )

    def verb() -> Episode:
        c = form.cleaned_data
        return verbs.rehire(who, work_of(where, c), actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    return respond_to_form(
        request,
        form,
        verb,
        page=Page(f"Does {who} work here again?", where.name, _crumbs(where, who)),
        back=_crumbs(where, who)[1][1],
        template=FORM_TEMPLATE,
        submit="Begin 1 employment",
        message=f"{who} works in {where} again, without mail access.",
        note="The number and the addresses stay this person's. Access is authorised anew.",
    )


@acting("person.change")
def change(request: CityRequest, department: str, uid: str) -> HttpResponse:
    """Name, telephone, position, supervisor: each change is an entry with before and after."""
    where, who, work = here(request, department, uid)
    names = {f: getattr(who, f) for f in ("given", "family", "display", "phone", "language")}
    supervisor = work.supervisor.uid if work.supervisor else ""
    form = Change(request.POST or None, initial={**names, "position": work.position, "supervisor": supervisor})

    def verb() -> None:
        c = form.cleaned_data
        act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
        with single_publication():
            verbs.rename(who, name_of(c), **act)
            if (c["position"], c["supervisor"]) != (work.position, work.supervisor):
                verbs.change_work(who, position=c["position"], supervisor=c["supervisor"], **act)

    return respond_to_form(
        request,
        form,
        verb,
        page=Page(f"What is different about {who}?", where.name, _crumbs(where, who)),
        back=_crumbs(where, who)[1][1],
        template=FORM_TEMPLATE,
        submit="Save",
        message="What is different was saved.",
        note="The display name stands in From of every message. Addresses stay as they are.",
    )


@acting("person.change")
def move(request: CityRequest, department: str, uid: str) -> HttpResponse:
    """To another department: what this one authorised goes on for some days, and the other one decides afresh."""
    where, who, work = here(request, department, uid)
    others = Department.objects.filter(closed__isnull=True).exclude(pk=where.pk).order_by("name").values_list("code", "name")
    form = Move(list(others), request.POST or None, initial={"overlap": verbs.OVERLAP_DAYS, "position": work.position})
    living = Authorisation.objects.filter(person=who, department=where, state__in=LIVING).select_related("mailbox")

    def verb() -> int:
        c = form.cleaned_data
        to = Department.objects.filter(code=c["department"]).first()
        if to is None:
            raise Unusable("Say where to.", {"department": "Say where to."})
        return verbs.move(
            who, to, position=c["position"], supervisor=c["supervisor"], overlap=c["overlap"],
            actor=request.actor, reason=c["reason"], now=epoch_ms(request.now),
        )  # fmt: skip

    effects = [
        f"Rights that end with the overlap: {', '.join(a.mailbox.address for a in living) or 'none'}.",
        "The other department decides afresh who gets mail there, and sees the move as a task.",
    ]
    return respond_to_form(
        request, form, verb, page=Page(f"Move {who} to another department?", where.name, _crumbs(where, who)),
        back=_crumbs(where, who)[0][1], effects=effects, stays=["Mail and addresses stay this person's."], verb="Move 1 person",
        message=lambda n: f"{who} was moved. Rights of {where} that end: {n}.",
    )  # fmt: skip
