"""Duties: who has which, until when; sign-ins that are held up (P-16, AC-7). None is taken up here: that needs a fresh proof."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import duties as verbs
from civicmail.city.access.actions import signin
from civicmail.city.access.forms import Because, Grant, end_of
from civicmail.city.access.models import Account, ConflictRecord, DutyGrant
from civicmail.city.access.moments import DAY, ms
from civicmail.city.access.queries import office
from civicmail.city.access.queries import signin as signins
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.views.asked import require, require_could
from civicmail.city.access.views.officeforms import RecordConflict
from civicmail.city.directory.models import Department
from civicmail.front.web.api import paging, sending
from civicmail.front.web.api.door import Call
from civicmail.front.web.api.repeating import once
from civicmail.front.web.api.shapes import Who, who
from civicmail.front.web.api.table import operation

router = Router(tags=["Duties"])


class DutyHeld(Schema):
    """department: for which, empty for the whole city; by: who granted it."""

    id: int
    person: Who
    duty: str
    department: str
    starts: datetime
    until: datetime
    ended: datetime | None
    by: str
    reason: str


class Granting(sending.Because):
    """person: number or address; until: the last day, at most a year away; department: code, for an authoriser."""

    person: str
    duty: str
    department: str = ""
    until: date


class Recording(Schema):
    """Two duties that exclude each other. control: what watches over it, in at least thirty characters."""

    person: str
    first: str
    second: str
    control: str
    until: date


class ConflictRecorded(Schema):
    """by: who recorded it."""

    id: int
    person: Who
    first: str
    second: str
    control: str
    until: datetime
    by: str


class SignInWait(Schema):
    """Where one kind of secret has to wait. kind: password, code, mail (programs), near (its /24), login (every network that is new
    to it). network: "" for all. until: none where only a sign-in in another way, or a release, ends it."""

    kind: str
    network: str
    failures: int
    until: datetime | None


class Locked(Schema):
    """A sign-in that is held up. locked: since when an officer has to release it. waits: where wrong passwords make people wait."""

    id: int
    person: Who
    login: str
    locked: datetime | None
    waits: list[SignInWait]


@operation(router, "GET", "/duties", act="duty.see", scope="read:duties", page="duty-grants", response=list[DutyHeld])
def list_duties(request: Call, response: HttpResponse) -> list[DutyHeld]:
    """Who has which duty now or will have it."""
    require(request, "duty.see")
    return paging.rows(request, response, office.holders(request.now).select_related("person", "department"), _held)


def _held(g: DutyGrant) -> DutyHeld:
    return DutyHeld(
        id=g.pk, person=who(g.person), duty=g.duty, department=g.department.code if g.department else "", starts=g.starts,
        until=g.until, ended=g.ended, by=g.by, reason=g.reason,
    )  # fmt: skip


@operation(router, "POST", "/duties", act="duty.grant", scope="write:duties", page="duty-grant", response=DutyHeld, status=201)
def grant_duty(request: Call, body: Granting) -> DutyHeld:
    """A duty for somebody else, with an end."""
    require_could(request, "duty.grant")
    departments = list(Department.objects.filter(closed__isnull=True).values_list("code", "name"))
    c, now = sending.checked(Grant(departments, sending.plain(body))), ms(request.now)
    where = Department.objects.get(code=c["department"]) if c["department"] else None
    until = min(end_of(c["until"]), now + 365 * DAY)

    def do() -> DutyHeld:
        made = verbs.grant(c["person"], c["duty"], until=until, actor=request.actor, reason=c["reason"], now=now, department=where)
        return _held(made)

    return once(request, do)


@operation(router, "POST", "/duties/{int:id}/end", act="duty.end", scope="write:duties", page="duty-end", response=DutyHeld)
def end_duty(request: Call, id: int, body: sending.Because) -> DutyHeld:
    """A duty ends before its time, and what was taken up under it."""
    held = get_object_or_404(DutyGrant.objects.select_related("person", "department"), pk=id)
    require(request, "duty.end", about_person(held.person))
    c = sending.checked(Because(sending.plain(body)))
    verbs.end(held, actor=request.actor, reason=c["reason"], now=ms(request.now))
    held.refresh_from_db()
    return _held(held)


@operation(
    router, "POST", "/duties/conflicts", act="duty.record-conflict", scope="write:duties", page="conflict-new",
    response=ConflictRecorded, status=201,
)  # fmt: skip
def record_conflict(request: Call, body: Recording) -> ConflictRecorded:
    """One person holds two duties that exclude each other: why, what watches over it, until when."""
    require_could(request, "duty.record-conflict")
    c, now = sending.checked(RecordConflict(sending.plain(body))), ms(request.now)
    until = min(end_of(c["until"]), now + 365 * DAY)

    def do() -> ConflictRecorded:
        made = verbs.record_conflict(
            c["person"], c["first"], c["second"], control=c["control"], until=until, actor=request.actor, now=now
        )
        return _recorded(made)

    return once(request, do)


def _recorded(r: ConflictRecord) -> ConflictRecorded:
    return ConflictRecorded(
        id=r.pk, person=who(r.person), first=r.first, second=r.second, control=r.control, until=r.until, by=r.by
    )


@operation(router, "GET", "/locked", act="account.unlock", scope="read:access", page="unlocks", response=list[Locked])
def list_locked(request: Call, response: HttpResponse) -> list[Locked]:
    """Sign-ins that are locked, or for which somebody waits after wrong passwords."""
    require_could(request, "account.unlock")
    return paging.rows(request, response, signins.held_up(ms(request.now)), lambda a: _locked(a, request.now))


@operation(router, "POST", "/locked/{int:id}/release", act="account.unlock", scope="write:access", page="unlock", response=Locked)
def release_locked(request: Call, id: int, body: sending.Because) -> Locked:
    """A sign-in is released; what it opens with stays as it is."""
    account = get_object_or_404(Account.objects.select_related("person"), pk=id)
    require(request, "account.unlock", about_person(account.person))
    c = sending.checked(Because(sending.plain(body)))
    signin.unlock(account, actor=request.actor, reason=c["reason"], now=ms(request.now))
    account.refresh_from_db()
    return _locked(account, request.now)


def _locked(a: Account, now: datetime) -> Locked:
    waits = [SignInWait(kind=w.kind, network=w.network, failures=w.failures, until=w.until) for w in signins.waits_of(a, ms(now))]
    return Locked(id=a.pk, person=who(a.person), login=a.username, locked=a.locked, waits=waits)
