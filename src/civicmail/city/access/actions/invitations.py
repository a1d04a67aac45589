"""Invitations: the link by which a person sets the first passkey or password, or new ones after a loss (P-07)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.db import transaction

from civicmail.city.access import guard, shownonce
from civicmail.city.access.actions import entries, signin
from civicmail.city.access.actions.publishing import data_folder, publish_on_commit
from civicmail.city.access.actors import Actor
from civicmail.city.access.credentials import device_key
from civicmail.city.access.errors import Conflict, NotPermitted, Unusable
from civicmail.city.access.models import Account, Invitation
from civicmail.city.access.moments import moment
from civicmail.city.access.queries.actors import about_person
from civicmail.city.directory.models import Person

LASTS = 72 * 3_600_000
"""ms for which an invitation can be used."""


def invite(person: Person, *, actor: Actor, reason: str, now: int, username: str = "") -> str:
    """The secret of a new invitation for somebody who has set nothing yet; opens the sign-in. Older ones are of no use any more.

    Raises Conflict when the person has a passkey or a password: then a loss is what an officer recovers from.
    """
    guard.require(actor, "account.invite", about_person(person), now=now)
    return _invite(person, False, actor=actor, reason=reason, now=now, username=username)


def recover(person: Person, *, actor: Actor, reason: str, now: int) -> str:
    """The secret of an invitation for somebody who lost everything; what was set before goes when it is used."""
    guard.require(actor, "account.recover", about_person(person), now=now)
    return _invite(person, True, actor=actor, reason=reason, now=now)


def invite_first(person: Person, *, actor: Actor, reason: str, now: int, recovery: bool = False, username: str = "") -> str:
    """For `access claim` and `access recover`, where nobody is signed in who could invite. actor: a machine's."""
    if not actor.machine:
        raise NotPermitted("Officers invite people; this is for the command line of the owner.")
    return _invite(person, recovery, actor=actor, reason=reason, now=now, username=username)


def _invite(person: Person, recovery: bool, *, actor: Actor, reason: str, now: int, username: str = "") -> str:
    if not reason.strip():
        raise Unusable("Say why.", {"reason": "Say why."})
    secret = shownonce.new("invitation")
    with transaction.atomic():
        account = signin.account_of(person, actor=actor, reason=reason, now=now, username=username)
        if account.contained is not None:
            raise Conflict(f"Somebody else may be using the account of {person.display}: the security office gives it back first.")
        if not account.is_active or not person.episodes.filter(ended__isnull=True).exists():
            raise Conflict(f"{person.display} does not work here any more.")
        if not recovery and has_credentials(account):
            raise Conflict(f"{person.display} has a sign-in already; after a loss the access office makes a recovery link.")
        account.invitations.filter(used__isnull=True, ended__isnull=True).update(ended=moment(now))
        mac = shownonce.seal("invitation", _key(), secret)
        until = moment(now + LASTS)
        Invitation.objects.create(account=account, mac=mac, recovery=recovery, made=moment(now), until=until, by=actor.uid)
        act = "account.recover" if recovery else "account.invite"
        entries.enter(act, actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts={"until": now + LASTS})
    return secret


def find(secret: str, *, now: int) -> Invitation | None:
    """The invitation that this is the secret of, while it can be used."""
    if not shownonce.is_shaped("invitation", secret):
        return None
    found = Invitation.objects.select_related("account__person").filter(mac=shownonce.seal("invitation", _key(), secret)).first()
    return found if found is not None and _is_good(found, now) else None


def accept(invitation: Invitation, set_: Callable[[Account], str], *, client: str, now: int) -> Account:
    """Use an invitation: set_ gives the account its passkey or password and returns which. Once: the second of two at the same
    moment hears Conflict. Of a recovery everything older goes, every session with it."""
    with transaction.atomic():
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        account = Account.objects.select_for_update().select_related("person").get(pk=row.account_id)
        if not _is_good(row, now) or not account.is_active:
            raise Conflict("This link was used already, or its time is over.")
        if row.recovery:
            account.set_unusable_password()
            Authenticator.objects.filter(user=account).delete()
            account.epoch += 1
        account.locked = None
        account.save()
        how = set_(account)
        row.used = moment(now)
        row.save(update_fields=["used"])
        actor = Actor(account.person.uid, account.person.display, client=client)
        facts = {"how": how, "recovery": int(row.recovery)}
        entries.enter("account.set", actor=actor, reason="link", now=now, object=f"person:{actor.uid}", facts=facts)
        publish_on_commit([account.person_id])
    return account


def has_credentials(account: Account) -> bool:
    """Whether anything was ever set by which this account signs in here."""
    kinds = Authenticator.objects.filter(user=account).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return account.has_usable_password() or bool(kinds.exists())


def _is_good(row: Invitation, now: int) -> bool:
    return row.used is None and row.ended is None and moment(now) < row.until


def _key() -> bytes:
    data = data_folder()
    assert isinstance(data, Path), "sign-in needs a data folder"
    return device_key(data)
