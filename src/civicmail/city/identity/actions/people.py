"""People and their work, as the access office and departments keep them; a mover's access ends with the old department (M6)."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory.actions import people
from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import employment, lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import PersonIn
from civicmail.city.identity.actions import ban_matches
from civicmail.city.identity.actions.publishing import publish_on_commit, single_publication
from civicmail.city.identity.authorization_states import LIVING, OVERLAP_DAYS
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.identity.queries.actors import about_person


def add(uid: str, name: Name, work: Work, *, actor: Actor, reason: str, now: int) -> Person:
    """Somebody new begins to work for the city; without access, which the department decides. Raises Unusable."""
    guard.require(actor, "person.change", PersonIn(work.department.code, uid), now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        person = people.add(uid.strip(), name)
        _hire(person, work, now)
        facts = {"kind": work.kind, "department": work.department.code, "position": work.position}
        entries.enter("person.add", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        ban_matches.notify_of_matches([person], now=now)
    return person


def rehire(person: Person, work: Work, *, actor: Actor, reason: str, now: int) -> Episode:
    """Somebody works for the city again: a new episode, and no access of the old one comes back (L5). Raises Unusable."""
    guard.require(actor, "person.change", PersonIn(work.department.code, person.uid), now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        episode = _hire(lock_row(person), work, now)
        facts = {"kind": work.kind, "department": work.department.code, "position": work.position}
        entries.enter("person.rehire", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        ban_matches.notify_of_matches([person], now=now)
        publish_on_commit([person.pk])
    return episode


def rename(person: Person, name: Name, *, actor: Actor, reason: str, now: int) -> None:
    """Name, display name, telephone or language are others. Raises Unusable."""
    guard.require(actor, "person.change", about_person(person), now=now)
    reason = checked_reason(reason)
    with locked_row(person) as row:
        if changed := people.rename(row, name):
            entries.enter("person.change", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=changed)
            ban_matches.notify_of_matches([row], now=now)
            publish_on_commit([person.pk])


def change(work: Episode, name: Name, *, position: str, supervisor: Person | None, actor: Actor, reason: str, now: int) -> Episode:
    """Change data of a person who works here, and of the work only if it differs. Raises Unusable, Conflict."""
    with single_publication():
        rename(work.person, name, actor=actor, reason=reason, now=now)
        if (position, supervisor) != (work.position, work.supervisor):
            change_work(work.person, position=position, supervisor=supervisor, actor=actor, reason=reason, now=now)
    return Episode.objects.select_related("person", "department", "supervisor").get(pk=work.pk)


def change_work(person: Person, *, position: str, supervisor: Person | None, actor: Actor, reason: str, now: int) -> None:
    """Another position or supervisor in the same department. Raises Unusable, Conflict."""
    guard.require(actor, "person.change", about_person(person), now=now)
    reason = checked_reason(reason)
    with locked_row(employment(person)) as row:
        people.require_supervisor(person, supervisor)
        before = [row.position, row.supervisor.uid if row.supervisor else ""]
        save_values(row, position=position.strip()[:120], supervisor=supervisor)
        facts = {"before": before, "after": [row.position, supervisor.uid if supervisor else ""]}
        entries.enter("person.change", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        publish_on_commit([person.pk])  # personal use may be allowed to a position


def move(
    person: Person,
    department: Department,
    *,
    position: str = "",
    supervisor: Person | None = None,
    overlap: int = OVERLAP_DAYS,
    actor: Actor,
    reason: str,
    now: int,
) -> int:
    """Transfer a person to another department: authorizations of the old one end after so many days, and the new one decides
    afresh. Returns the number of authorizations that will end. Raises Unusable, Conflict."""
    guard.require(actor, "person.change", about_person(person), now=now)
    reason = checked_reason(reason)
    if not 0 <= overlap <= 90:
        raise Unusable("An overlap has 0 to 90 days.", {"overlap": "From 0 to 90 days."})
    with locked_row(employment(person)) as row:
        people.require_supervisor(person, supervisor)
        old = row.department
        save_values(row, department=department, position=(position or row.position)[:120], supervisor=supervisor)
        count = shorten([person.pk], old, until=now + overlap * DAY_MS, now=now) if old != department else 0
        facts = {"department": [old.code, department.code], "overlap_days": overlap, "authorisations": count}
        entries.enter("person.move", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        publish_on_commit([person.pk])
    return count


def set_overlap(authorization: Authorization, until: int, *, actor: Actor, reason: str, now: int) -> Authorization:
    """Set the end of a mover's access by the old department: until (ms), at most 90 days away."""
    guard.require(actor, "access.end", PersonIn(authorization.department.code, authorization.person.uid), now=now)
    reason = checked_reason(reason)
    if not now < until <= now + 90 * DAY_MS:
        raise Unusable("An overlap ends within 90 days.", {"until": "Within 90 days."})
    with locked_row(authorization, "state", "until") as row:
        if row.state not in LIVING:
            raise Conflict("This access is over already.")
        if row.department_id == employment(row.person).department_id:
            raise Unusable("This is not the authorization of a mover: it belongs to the person's present department.")
        save_values(row, until=from_ms(until))
        entries.enter(
            "access.overlap", actor=actor, reason=reason, now=now, object=f"authorisation:{row.pk}", facts={"until": until}
        )
        publish_on_commit([row.person_id])
    return row


def shorten(moved: list[int], old: Department, *, until: int, now: int) -> int:
    """End authorizations of the old department for people (ids of rows) who moved to another one at until (ms) at the latest;
    waiting requests are withdrawn. For verbs that have passed the guard."""
    rows = Authorization.objects.filter(person__in=moved, department=old)
    rows.filter(state="asked").update(state="withdrawn", since=from_ms(now), why="moved to another department")
    rows = rows.filter(state__in=LIVING)
    count = rows.count()
    rows.filter(until__gt=from_ms(until)).update(until=from_ms(until))
    return count


def _hire(person: Person, work: Work, now: int) -> Episode:
    if work.kind not in PERSON_KINDS:
        raise Unusable("This kind of person is not in the table.", {"kind": "Not in the table of kinds."})
    if PERSON_KINDS[work.kind].contract and work.contract is None:
        raise field_error("contract", "Who works for an agency is here under one of its contracts (P-09).")
    if work.contract is not None and not PERSON_KINDS[work.kind].contract:
        raise field_error("contract", "This kind of person is under no contract.")
    today = timezone.localdate(from_ms(now))
    if work.contract is not None and work.contract.ends < today:
        raise field_error("contract", "The contract is over.")
    return people.hire(person, replace(work, starts=work.starts or today))
