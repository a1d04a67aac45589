"""Protect people's mail, and name the approvers for it (E3)."""

from __future__ import annotations

from django.db import transaction

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.examination_grounds import PROTECTED_CLASSES
from civicmail.city.guard.models import Protection
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import CITY


def protect(kind: str, whom: Person | Department, *, actor: Actor, reason: str, now: int) -> Protection:
    """A person, or a department with its divisions, belongs to a class of grounds.PROTECTED. Raises NotPermitted, Unusable."""
    return _made(kind, whom, False, actor, reason, now)


def name_approver(kind: str, person: Person, *, actor: Actor, reason: str, now: int) -> Protection:
    """Name an approver of examinations that concern a class; the role of examination approver is assigned separately. Raises
    NotPermitted for oneself, Unusable, Conflict."""
    return _made(kind, person, True, actor, reason, now)


def name(
    kind: str, person: Person | None, department: Department | None, *, approves: bool, actor: Actor, reason: str, now: int
) -> Protection:
    """Add a person to a class, or as its approver. Raises as protect and name_approver do."""
    if approves and person is None:
        raise Unusable("A person decides, not a department.", {"person": "Name the person who decides."})
    whom = person or department
    if whom is None or (person is not None and department is not None):
        raise field_error("person", "Name a person or a department.")
    return _made(kind, whom, approves, actor, reason, now)


def end(protection: Protection, *, actor: Actor, reason: str, now: int) -> None:
    """Somebody belongs to the class, or approves for it, no more. Raises NotPermitted, Conflict."""
    guard.require(actor, "mandate.protect", CITY, now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(protection, "ended") as row:
        if row.ended is not None:
            raise Conflict("This was ended already.")
        save_values(row, ended=from_ms(now))
        _entered("mandate.unprotect", row, actor, reason, now)


def _made(kind: str, whom: Person | Department, approves: bool, actor: Actor, reason: str, now: int) -> Protection:
    guard.require(actor, "mandate.protect", now=now)
    if isinstance(whom, Person) and four_eyes.is_oneself(actor, whom, now):
        raise NotPermitted("You cannot do this for yourself.")
    reason = checked_reason(reason, min_length=10)
    if kind not in PROTECTED_CLASSES:
        raise Unusable("There is no such class.", {"kind": "Choose a class from the list."})
    place = {"person": whom} if isinstance(whom, Person) else {"department": whom}
    with transaction.atomic():
        lock_row(whom)
        if Protection.objects.filter(kind=kind, approves=approves, ended__isnull=True, **place).exists():
            raise Conflict(f"{whom} is named for this already.")
        row = Protection.objects.create(kind=kind, approves=approves, by=actor.uid, at=from_ms(now), **place)
        _entered("mandate.protect", row, actor, reason, now)
    return row


def _entered(act: str, row: Protection, actor: Actor, reason: str, now: int) -> None:
    facts = {
        "class": row.kind,
        "person": row.person.uid if row.person else "",
        "department": row.department.code if row.department else "",
        "approves": int(row.approves),
    }
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"protection:{row.pk}", facts=facts)
