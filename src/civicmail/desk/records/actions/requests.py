"""Work on a request as a whole: its people, its title, its end, and a suit about it (P-21)."""

from __future__ import annotations

from typing import Any

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.law.errors import WrongOrder
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.contacts import keep_until
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request
from civicmail.desk.records.confidential_numbers import masked
from civicmail.desk.records.models import Assignment, Request, SelfRequestStep
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.states import OPEN, OUTCOMES, REQUESTS

ASSIGNMENT_ROLES = {
    "reviewer": ("records-officer", "city-attorney"),
    "second": ("records-officer", "city-attorney"),
    "attorney": ("city-attorney",),
}
"""Part in a request -> roles of which the person holds one."""


def describe(row: Request, title: str, *, actor: Actor, now: int) -> Request:
    """Give it the desk's name, which no page without an account shows. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    title = " ".join(masked(title).split())
    if not title:
        raise field_error("title", "Write a title.")
    with locked_request(row) as request:
        save_values(request, title=title[:200])
        _enter("records.describe", request, actor, "", now)
    return request


def assign(row: Request, person: Person | None, role: str, *, actor: Actor, now: int) -> Assignment:
    """Assign somebody, who may then read within the agreed scope. role: of ASSIGNMENT_ROLES. Raises NotPermitted, Unusable,
    Conflict."""
    guard.require(actor, "records.work", now=now)
    if person is None:
        raise field_error("person", "Say who works on it.")
    if role not in ASSIGNMENT_ROLES:
        raise field_error("role", "Choose a part.")
    held = person.roles.in_force(from_ms(now)).values_list("role", flat=True)
    if not set(held) & set(ASSIGNMENT_ROLES[role]):
        raise field_error("person", "They hold no role of the records office for this part.")
    with locked_request(row) as request:
        if request.state not in OPEN:
            raise Conflict("This request is over. Reopen it first.")
        if request.assignments.filter(person=person, until__isnull=True).exists():
            raise Conflict(f"{person} is assigned already.")
        made = Assignment.objects.create(request=request, person=person, role=role, since=from_ms(now), by=acting_person(actor))
        _enter("records.assign", request, actor, "", now, person=person.uid, role=role)
    return made


def unassign(row: Assignment, *, actor: Actor, now: int) -> Assignment:
    """End an assignment: from now on this person reads nothing under the request. Raises NotPermitted, Conflict."""
    guard.require(actor, "records.work", now=now)
    with locked_request(row.request) as request:
        assignment = Assignment.objects.select_for_update().get(pk=row.pk)
        if assignment.until is not None:
            raise Conflict("This assignment has ended already.")
        save_values(assignment, until=from_ms(now))
        _enter("records.unassign", request, actor, "", now, person=assignment.person.uid)
    return assignment


def put_in_writing(row: Request, text: str, *, actor: Actor, now: int) -> Request:
    """Write down an oral request as its requester confirmed it: from then on a court can enforce it (Wis. Stat. 19.35 (1) (h)).
    Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    if not text.strip():
        raise field_error("text", "Write it as the requester confirmed it.")
    with locked_request(row) as request:
        if not request.oral:
            raise Conflict("It is in writing already.")
        save_values(request, oral=False, text=text.strip())
        _enter("records.put-in-writing", request, actor, "confirmed by the requester", now)
    return request


def withdraw(row: Request, *, actor: Actor, reason: str, now: int) -> Request:
    """Record that the requester took it back. Raises NotPermitted, Unusable, Conflict."""
    return _end(row, "withdraw", "", actor=actor, reason=reason, now=now)


def close(row: Request, outcome: str, *, actor: Actor, reason: str, now: int) -> Request:
    """Close a request. outcome: of states.OUTCOMES. Raises NotPermitted, Unusable, Conflict."""
    if outcome not in OUTCOMES or outcome == "withdrawn":
        raise field_error("outcome", "Choose the outcome.")
    return _end(row, "close", outcome, actor=actor, reason=reason, now=now)


def reopen(row: Request, *, actor: Actor, reason: str, now: int) -> Request:
    """Work on a closed request again. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    reason = checked_reason(reason, min_length=20)
    with locked_request(row, "state") as request:
        state = REQUESTS.step(request.state, "reopen")
        save_values(request, state=state, since=from_ms(now), outcome="", closed=None, why=reason)
        _enter("records.reopen", request, actor, reason, now)
    return request


def record_suit(row: Request, *, actor: Actor, reason: str, now: int) -> Request:
    """Record that a suit was served: nothing of the request changes any more, and nothing that it holds is disposed of. Raises
    NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.suit", now=now)
    reason = checked_reason(reason, min_length=20)
    with locked_row(row, "suit") as request:
        if request.suit is not None:
            raise Conflict("A suit about this request is recorded already.")
        save_values(request, suit=from_ms(now))
        _enter("records.suit", request, actor, reason, now)
    return request


def end_suit(row: Request, *, actor: Actor, reason: str, now: int) -> Request:
    """Record the order of the court, appeals included: work may go on. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.suit", now=now)
    reason = checked_reason(reason, min_length=20)
    with locked_row(row, "suit") as request:
        if request.suit is None:
            raise Conflict("No suit about this request is pending.")
        save_values(request, suit=None)
        _enter("records.end-suit", request, actor, reason, now)
    return request


def take_step(row: Request, step: str, answer: bool, *, actor: Actor, reason: str, now: int) -> SelfRequestStep:
    """Answer a step of deciding on records about the requester, in the order of the law pack. Raises NotPermitted, Unusable,
    Conflict."""
    guard.require(actor, "records.work", now=now)
    reason = checked_reason(reason, min_length=20, max_length=2000)
    pack = usable_pack(row)
    with locked_request(row) as request:
        if not request.self_request:
            raise Conflict("This request is not for records about its requester.")
        try:
            following = pack.next_self_request_step([*request.steps.values_list("step", flat=True)])
        except WrongOrder as error:
            raise Conflict(str(error)) from None
        if following is None:
            raise Conflict("All steps were taken.")
        if step != following.id:
            raise Conflict(f"The next step is: {following.title}")
        made = SelfRequestStep.objects.create(
            request=request, step=step, answer=answer, reason=reason, by=acting_person(actor), at=from_ms(now)
        )
        _enter("records.self-request-step", request, actor, reason[:400], now, step=step, answer=int(answer))
    return made


def _end(row: Request, action: str, outcome: str, *, actor: Actor, reason: str, now: int) -> Request:
    guard.require(actor, "records.work", now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_request(row, "state") as request:
        state = REQUESTS.step(request.state, action)
        at = from_ms(now)
        save_values(request, state=state, since=at, outcome=outcome, closed=at, why=reason)
        request.pauses.filter(ended__isnull=True).update(ended=at)
        keep_until(request, local_day(at))
        _enter(f"records.{action}", request, actor, reason, now, outcome=outcome)
    return request


def _enter(act: str, request: Request, actor: Actor, reason: str, now: int, **facts: Any) -> None:
    entries.enter(act, actor=actor, reason=reason, now=now, object=object_of(request), facts=facts)
