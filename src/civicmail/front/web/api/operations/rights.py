"""Authorizations: request, decide, suspend, resume, end (P-04, P-07)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.access.actions import access_requests, people, suspensions
from civicmail.city.access.actions.publishing import single_publication
from civicmail.city.access.acts.mailboxes import ASK_GRANT
from civicmail.city.access.epoch import DAY_MS, epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.forms import AccessEndForm, DecisionForm, ReasonForm, ReasonsForm, end_of_day
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.queries.bars import about_authorisation
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import hidden_unless, require
from civicmail.city.access.views.officeforms import UntilBecause
from civicmail.city.access.views.roster import department_of
from civicmail.city.directory.models import Person
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import WITH, Right, right

router = Router(tags=["Access"])
ONE = "/rights/{int:id}"


class Reasons(Schema):
    """The four reasons of P-04, each in at least twenty characters."""

    duties: str
    performance: str
    efficiency: str
    service: str


class Asking(Reasons):
    """until: the last day, at most a year away; address: empty for the one that is made from the name."""

    until: date
    address: str = ""


class Deciding(Schema):
    """decision: approve or refuse; reason: needed for a refusal; state: as it was seen, asked."""

    decision: str
    reason: str = ""
    state: str = "asked"


class Keeping(request_bodies.Because):
    """until: the last day."""

    until: date


@operation(
    router, "GET", "/departments/{slug:department}/requests", act="roster.see", scope="read:access", page="requests",
    response=list[Right],
)  # fmt: skip
def list_requests(request: Call, response: HttpResponse, department: str, state: str = "") -> list[Right]:
    """List access requests of a department, newest first. state: only those."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    rows = Authorisation.objects.filter(department=where).select_related(*WITH)
    return pagination.rows(request, response, rows.filter(state=state) if state else rows, right, by="-pk")


@operation(router, "GET", ONE, act="request.see", scope="read:access", page="request", response=Right)
def read_right(request: Call, response: HttpResponse, id: int) -> Right:
    """Read an authorization or request, with its four reasons."""
    a = _the(id)
    hidden_unless(request, "request.see", about_authorisation(a))
    return etags.with_etag(response, right(a))


def _the(id_: int) -> Authorisation:
    return get_object_or_404(Authorisation.objects.select_related(*WITH), pk=id_)


@operation(
    router, "POST", "/people/{str:uid}/requests", act="request.ask", scope="write:access", page="request-new", response=Right,
    status=201,
)  # fmt: skip
def ask_access(request: Call, uid: str, body: Asking) -> Right:
    """Request a mailbox for a person. Requester, approver and holder are three people."""
    person = get_object_or_404(Person, uid=uid)
    require(request, "request.ask", about_person(person))
    plain = request_bodies.plain(body)
    why = ReasonsForm(plain)
    request_bodies.checked(why)
    c, now = request_bodies.checked(AccessEndForm(plain)), epoch_ms(request.now)
    until = min(end_of_day(c["until"]), now + 365 * DAY_MS)

    def do() -> Right:
        made = access_requests.ask(person, reasons=why.reasons(), until=until, address=c["address"], actor=request.actor, now=now)
        return right(_the(made.pk))

    return once(request, do)


act_operation(router, ASK_GRANT, Right, lambda made: right(_the(made.pk)))


@operation(router, "POST", f"{ONE}/decide", act="request.decide", scope="write:access", page="request", response=Right)
def decide_request(request: Call, response: HttpResponse, id: int, body: Deciding) -> Right:
    """Approve or deny a request."""
    about = about_authorisation(_the(id))
    hidden_unless(request, "request.see", about)
    require(request, "request.decide", about)
    c = request_bodies.checked(DecisionForm(request_bodies.plain(body)))
    verb = access_requests.approve if c["decision"] == "approve" else access_requests.refuse

    def do(a: Authorisation) -> None:
        a.state = c["state"]  # as the asker saw it: the verb compares it with the row
        verb(a, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    return _changed(request, response, id, do)


@operation(router, "POST", f"{ONE}/withdraw", act="request.withdraw", scope="write:access", page="request-withdraw", response=Right)
def withdraw_request(request: Call, response: HttpResponse, id: int, body: request_bodies.Because) -> Right:
    """Withdraw a request."""
    a = _the(id)
    hidden_unless(request, "request.see", about_authorisation(a))
    require(request, "request.withdraw", about_authorisation(a))
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
    return _changed(request, response, id, lambda a: access_requests.withdraw(a, **act))


@operation(router, "POST", f"{ONE}/suspend", act="access.suspend", scope="write:access", page="suspend", response=Right)
def suspend_access(request: Call, response: HttpResponse, id: int, body: request_bodies.Because) -> Right:
    """Suspend all access of a person at once; it can be resumed."""
    return _switched(request, response, id, body, "access.suspend", suspensions.suspend)


@operation(router, "POST", f"{ONE}/resume", act="access.resume", scope="write:access", page="resume", response=Right)
def resume_access(request: Call, response: HttpResponse, id: int, body: request_bodies.Because) -> Right:
    """End a suspension."""
    return _switched(request, response, id, body, "access.resume", suspensions.resume)


def _switched(
    request: Call, response: HttpResponse, id_: int, body: request_bodies.Because, act: str, verb: Callable[..., int]
) -> Right:
    require(request, act, about_person(_the(id_).person))
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    return _changed(
        request, response, id_, lambda a: verb(a.person, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
    )


@operation(router, "POST", f"{ONE}/extend", act="request.decide", scope="write:access", page="extend", response=Right)
def extend_access(request: Call, response: HttpResponse, id: int, body: Keeping) -> Right:
    """Extend an authorization, with reason and end date."""
    require(request, "request.decide", about_authorisation(_the(id)))
    c, now = request_bodies.checked(UntilBecause(request_bodies.plain(body))), epoch_ms(request.now)
    until = min(end_of_day(c["until"]), now + 365 * DAY_MS)
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": now}
    return _changed(request, response, id, lambda a: access_requests.extend(a, until, **act))


@operation(router, "POST", f"{ONE}/overlap", act="access.end", scope="write:access", page="overlap", response=Right)
def set_overlap(request: Call, response: HttpResponse, id: int, body: Keeping) -> Right:
    """Set when the authorizations of a mover's old department end."""
    require(request, "access.end", about_authorisation(_the(id)))
    c, now = request_bodies.checked(UntilBecause(request_bodies.plain(body))), epoch_ms(request.now)
    until = min(end_of_day(c["until"]), now + 90 * DAY_MS)
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": now}
    return _changed(request, response, id, lambda a: people.set_overlap(a, until, **act))


@operation(router, "POST", f"{ONE}/end", act="access.end", scope="write:access", page="revoke", response=Right)
def end_right(request: Call, response: HttpResponse, id: int, body: request_bodies.Because) -> Right:
    """Revoke one authorization; the others stay."""
    require(request, "access.end", about_authorisation(_the(id)))
    c = request_bodies.checked(ReasonForm(request_bodies.plain(body)))
    act: dict[str, Any] = {"actor": request.actor, "reason": c["reason"], "now": epoch_ms(request.now)}
    return _changed(request, response, id, lambda a: suspensions.revoke(a, **act))


def _changed(request: Call, response: HttpResponse, id_: int, do: Callable[[Authorisation], object]) -> Right:
    """`If-Match` says what was seen; row and verb are one transaction."""
    with single_publication():
        if Authorisation.objects.select_for_update().filter(pk=id_).first() is None:
            raise Conflict("This is not there any more.")
        a = _the(id_)
        etags.require(request, right(a))
        do(a)
    return etags.with_etag(response, right(_the(id_)))
