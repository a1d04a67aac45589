"""Incidental personal use: none, unless a department allows it, to whom, within which limits, until when (P-10)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, employment, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error, require_usable
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import PersonalUse
from civicmail.city.identity.person_kinds import MAX_AUTHORIZATION, PERSON_KINDS
from civicmail.city.identity.queries.actors import about_department

MIN_LENGTH = 20


def allow(
    department: Department,
    limits: str,
    *,
    until: date,
    starts: date | None = None,
    position: str = "",
    person: Person | None = None,
    actor: Actor,
    now: int,
) -> PersonalUse:
    """The head allows limited personal use to all, to a position, or to a named person. limits: in words; until: at most a year
    away. Raises Unusable, Conflict."""
    guard.require(actor, "personal-use.set", InDepartment(department.code), now=now)
    today = timezone.localdate(from_ms(now))
    starts = starts or today
    limits = " ".join(limits.split())
    fields = {}
    if len(limits) < MIN_LENGTH:
        fields["limits"] = f"Say the limits in at least {MIN_LENGTH} characters."
    if not max(starts, today) <= until <= starts + timedelta(days=MAX_AUTHORIZATION.days):
        fields["until"] = "It ends within a year."
    if position and person is not None:
        fields["person"] = "Choose a position or a person, not both."
    require_usable(fields)
    if person is not None:
        episode = employment(person)
        if episode.department != department:
            raise Unusable("This person works in another department.", {"person": "Works in another department."})
        if not PERSON_KINDS[episode.kind].personal_use:
            raise Unusable("Personal use is for the city's own people.", {"person": "Is here under a contract."})
    with transaction.atomic():
        by = acting_person(actor)
        made = PersonalUse.objects.create(
            department=department, position=position.strip(), person=person, limits=limits, starts=starts, until=until, by=by
        )
        _entered("personal-use.allow", made, actor, limits, now)
        _publish(made)
    return made


def allow_to(
    whom: str, department: Department, limits: str, *, until: date, position: str, person: Person | None, actor: Actor, now: int
) -> PersonalUse:
    """Allow it to all, to those in a position, or to a person. Raises Unusable where that is not named."""
    if whom == "position" and not position:
        raise field_error("position", "Name the position.")
    if whom == "person" and person is None:
        raise field_error("person", "Say who.")
    position, person = position if whom == "position" else "", person if whom == "person" else None
    return allow(department, limits, until=until, position=position, person=person, actor=actor, now=now)


def end(allowed: PersonalUse, *, actor: Actor, reason: str = "", now: int) -> PersonalUse:
    """End a permission for personal use. Raises Conflict if it has ended."""
    guard.require(actor, "personal-use.set", about_department(allowed.department), now=now)
    with locked_row(allowed, "ended") as row:
        if row.ended is not None:
            raise Conflict("This has ended already.")
        save_values(row, ended=from_ms(now))
        _entered("personal-use.end", row, actor, reason, now)
        _publish(row)
    return row


def _publish(row: PersonalUse) -> None:
    """Publish the permission for rules (P-10); it affects no entry point."""
    if row.person_id is not None:
        publish_on_commit([row.person_id])
    else:
        publish_on_commit(later=True)


def _entered(act: str, row: PersonalUse, actor: Actor, reason: str, now: int) -> None:
    facts = {
        "department": row.department.code,
        "position": row.position,
        "person": row.person.uid if row.person else "",
        "starts": str(row.starts),
        "until": str(row.until),
    }
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"personal-use:{row.pk}", facts=facts)
