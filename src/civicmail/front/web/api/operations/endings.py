"""End of access: who leaves, when, and the time at each entry point (P-08, L1)."""

from __future__ import annotations

from datetime import date, datetime

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import access_end
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import LeaverForm, ReasonForm, end_of_day
from civicmail.city.access.models import Ending
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require, require_could
from civicmail.city.access.views.roster import department_of
from civicmail.city.directory.models import Person
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

router = Router(tags=["Endings"])


class EndingStep(Schema):
    """What was shut, how many of them, when."""

    step: str
    count: int
    at: datetime


class Leaver(request_bodies.Because):
    """day: the last one; left out, all doors shut at once. successor: who may read what comes, for a time."""

    day: date | None = None
    successor: str = ""


class Ended(Schema):
    """One end of access. done: when the last door was shut; steps: what was shut, how many, when."""

    id: int
    person: Who
    department: str
    reason: str
    when: datetime
    by: str
    successor: Who | None
    done: datetime | None
    steps: list[EndingStep]


@operation(
    router,
    "POST",
    "/departments/{slug:department}/people/{str:uid}/end",
    act="access.end",
    scope="write:access",
    page="leaver",
    response=Ended,
)
def end_access(request: Call, department: str, uid: str, body: Leaver) -> Ended:
    """End a person's access, at once or on a day. Repeating it returns the first result."""
    where, person = department_of(department), get_object_or_404(Person, uid=uid)
    require(request, "roster.see", InDepartment(where.code))
    episode = person.episodes.filter(department=where).first()
    if episode is None:
        raise Http404
    require(request, "access.end", about_person(person))
    if (done := person.endings.filter(episode=episode).first()) is not None:
        return ended(done)
    c = request_bodies.checked(LeaverForm(request_bodies.plain(body, when="day" if body.day else "now")))
    now = epoch_ms(request.now)
    when = end_of_day(c["day"]) if c["when"] == "day" else now
    made = access_end.end_access(person, reason=c["reason"], when=when, actor=request.actor, now=now, successor=c["successor"])
    return ended(made)


@operation(router, "GET", "/endings/{int:id}", act="roster.see", scope="read:access", page="ending", response=Ended)
def read_ending(request: Call, id: int) -> Ended:
    """Read an end of access, with its time at each entry point."""
    access_end = get_object_or_404(Ending.objects.select_related("person", "episode__department", "successor"), pk=id)
    require(request, "roster.see", InDepartment(access_end.episode.department.code))
    return ended(access_end)


@operation(router, "GET", "/endings", act="duty.grant", scope="read:access", page="endings", response=list[Ended])
def list_endings(request: Call, response: HttpResponse) -> list[Ended]:
    """List all ends of access, newest first."""
    require_could(request, "duty.grant")
    rows = Ending.objects.select_related("person", "episode__department", "successor").prefetch_related("steps")
    return pagination.rows(request, response, rows, ended, by="-pk")


@operation(router, "POST", "/endings/{int:id}/call-off", act="access.end", scope="write:access", page="call-off", response=Who)
def call_off_ending(request: Call, id: int, body: request_bodies.Because) -> Who:
    """Cancel a planned end of access."""
    planned = get_object_or_404(Ending.objects.select_related("person", "episode__department"), pk=id)
    require(request, "access.end", about_person(planned.person))
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    access_end.call_off(planned, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
    return who(planned.person)


def ended(ending: Ending) -> Ended:
    """An end of access as a program reads it."""
    return Ended(
        id=ending.pk, person=who(ending.person), department=ending.episode.department.code, reason=ending.reason, when=ending.when,
        by=ending.by, successor=maybe(ending.successor), done=ending.done,
        steps=[EndingStep(step=s.step, count=s.count, at=s.at) for s in ending.steps.all()],
    )  # fmt: skip
