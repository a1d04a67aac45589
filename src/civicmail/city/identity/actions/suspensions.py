"""Suspend and resume a person's access, and revoke a single authorization (P-04; M4, M5)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Account
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import PersonIn
from civicmail.city.identity.actions import elected
from civicmail.city.identity.actions.access_requests import transition
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import about_person


def suspend(person: Person, *, actor: Actor, reason: str, now: int) -> int:
    """Suspend a person's access immediately: nothing is sent, incoming mail is held; return the number of authorizations. Raises
    Conflict if none is in force, and for elected officials (decision 0039)."""
    if elected.among([person.pk]):
        guard.require(actor, "access.suspend", about_person(person), now=now)
        raise Conflict(f"{person} was elected, and is restricted by a decision about a violation at most, never silenced (P-30).")
    return _all(person, "suspend", "active", actor=actor, reason=reason, now=now)


def resume(person: Person, *, actor: Actor, reason: str, now: int) -> int:
    """Resume suspended access, until its original end. Raises Conflict if nothing is suspended."""
    return _all(person, "resume", "suspended", actor=actor, reason=reason, now=now)


def revoke(authorization: Authorization, *, actor: Actor, reason: str, now: int) -> Authorization:
    """Revoke one authorization of a person; the others stay. Raises Conflict."""
    about = PersonIn(authorization.department.code, authorization.person.uid)
    guard.require(actor, "access.end", about, now=now)
    if authorization.role == "holder":
        elected.require_end([authorization.person_id], actor)
    reason = checked_reason(reason, min_length=10)
    with locked_row(authorization, "state") as row:
        transition(row, "revoke", reason, now)
        facts = {"person": row.person.uid, "mailbox": row.mailbox.address, "role": row.role, "state": row.state}
        entries.enter("access.revoke", actor=actor, reason=reason, now=now, object=f"authorisation:{row.pk}", facts=facts)
        publish_on_commit([row.person_id])
    return row


def _all(person: Person, action: str, state: str, *, actor: Actor, reason: str, now: int) -> int:
    guard.require(actor, f"access.{action}", about_person(person), now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        rows = list(Authorization.objects.select_for_update().filter(person=person, state=state))
        if not rows:
            raise Conflict(f"{person} has no access that is {'suspended' if action == 'resume' else 'in force'}.")
        for row in rows:
            transition(row, action, reason, now)
        if action == "suspend":
            Account.objects.filter(person=person).update(epoch=F("epoch") + 1)
        facts = {"authorisations": [str(row.pk) for row in rows]}
        entries.enter(f"access.{action}", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        publish_on_commit([person.pk])
    return len(rows)
