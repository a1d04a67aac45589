"""Claim an installation: create its first access officer (P-16; docs/words.md, "claimed")."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Kind, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import employment
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.identity import setup_code
from civicmail.city.identity.actions import department_routing, invitations, office_lists, roles
from civicmail.city.identity.actions.publishing import data_folder, publish_on_commit

ROLE_LIFETIME_MS = 365 * DAY_MS
"""ms of the first role; the officer renews it, or another one does."""


@dataclass(frozen=True, slots=True)
class FirstOfficer:
    """The first person, as the owner of the folder names them. department: code; department_name: its name where it is new."""

    uid: str
    given: str
    family: str
    department: str
    department_name: str
    login: str = ""


def claim_installation(first: FirstOfficer, *, actor: Actor, reason: str, now: int) -> str:
    """Claim the installation; return the secret of the first invitation. The marker is durable before the grant, so an installation
    whose claim was interrupted is claimed all the same. An existing person or department is reused. Raises Conflict, Unusable."""
    wrong = {key: "This is missing." for key in ("uid", "family", "department") if not getattr(first, key).strip()}
    if wrong or not reason.strip():
        raise Unusable("Name the person, the department and the reason.", wrong)
    with transaction.atomic():
        person = _person(first, actor, now)
        roles.first(person, until=now + ROLE_LIFETIME_MS, actor=actor, reason=reason, now=now)
        office_lists.make_first(employment(person).department, actor=actor, reason=reason, now=now)
        secret = invitations.invite_first(person, actor=actor, reason=reason, now=now, username=first.login)
        publish_on_commit()
        if (data := data_folder()) is not None:
            roles.claim(data)
            setup_code.delete(data)
    return secret


def _person(first: FirstOfficer, actor: Actor, now: int) -> Person:
    if (person := Person.objects.filter(uid=first.uid.strip()).first()) is not None:
        return person
    home, _ = Department.objects.get_or_create(code=first.department.lower(), defaults={"name": first.department_name[:120]})
    department_routing.write_on_commit()
    given, family = first.given.strip(), first.family.strip()
    made = Person.objects.create(uid=first.uid.strip(), given=given, family=family, display=f"{given} {family}".strip())
    since = timezone.localdate(from_ms(now))
    Episode.objects.create(person=made, kind=Kind.EMPLOYEE, department=home, position="Access officer", starts=since)
    facts = {"department": home.code}
    entries.enter("person.add", actor=actor, reason="claim", now=now, object=f"person:{made.uid}", facts=facts)
    return made
