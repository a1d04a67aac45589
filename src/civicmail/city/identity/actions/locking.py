"""Lock and unlock a compromised account (P-25, L2).

A lock does more than a suspension: secrets that the attacker may have (device passwords, tokens, sessions, invitations) are
revoked, and the sign-in is closed, also for rights that begin meanwhile. Unlocking restores the rights that were in force before;
the person makes new device passwords.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import sessions
from civicmail.city.identity.actions.access_requests import transition
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import Authorization, Device
from civicmail.city.identity.queries.actors import about_person


def lock(person: Person, *, actor: Actor, reason: str, now: int) -> list[int]:
    """Nobody signs in as this person, sends, or reads their mail; what comes is held. Returns the authorizations (ids of rows)
    that were in force, for unlock. Twice is once. Raises NotPermitted, Unusable."""
    guard.require(actor, "containment.lock", about_person(person), now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        rows = list(Authorization.objects.select_for_update().filter(person=person, state="active"))
        for row in rows:
            transition(row, "suspend", reason, now)
        counts = sessions.end_all_of(person, now=now, is_active=False, contained=from_ms(now))
        facts = {"authorisations": [str(row.pk) for row in rows], **counts}
        entries.enter("containment.lock", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        publish_on_commit([person.pk])
    return [row.pk for row in rows]


def lock_service(mailbox: Mailbox, *, actor: Actor, reason: str, now: int) -> None:
    """The same for a machine: its passwords end. Raises NotPermitted, Unusable."""
    guard.require(actor, "containment.lock", OfPerson(""), now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        ended = Device.objects.filter(machine=mailbox, ended__isnull=True).update(ended=from_ms(now))
        facts = {"devices": ended}
        entries.enter("containment.lock", actor=actor, reason=reason, now=now, object=f"mailbox:{mailbox.address}", facts=facts)
        publish_on_commit(mailboxes=[mailbox.pk])


def unlock(person: Person, rights: Collection[int], *, actor: Actor, reason: str, now: int) -> int:
    """The sign-in is open again, and those of the authorizations that are still suspended are in force; how many. Raises
    NotPermitted, Unusable."""
    guard.require(actor, "containment.release", about_person(person), now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        mine = Authorization.objects.select_for_update().filter(person=person, state="suspended", pk__in=list(rights))
        rows = list(mine)
        for row in rows:
            transition(row, "resume", reason, now)
        account = Account.objects.filter(person=person)
        account.update(contained=None)
        if person.episodes.filter(ended__isnull=True).exists():
            account.update(is_active=True)
        facts = {"authorisations": [str(row.pk) for row in rows]}
        entries.enter("containment.unlock", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        publish_on_commit([person.pk])
    return len(rows)
