"""Invitations and sign-in letters: how a person sets or recovers a sign-in (P-07; decision 0089).

Only that person ever has the whole secret. The requester has the first half, printed on a letter; a second officer, who has seen
the person, releases the second. The command line shows a whole link only to the owner of the data folder: at the claim, and with
the recovery key.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity import one_time_secrets
from civicmail.city.identity.actions import account_notices, sessions, signin
from civicmail.city.identity.actions.publishing import data_folder, publish_on_commit
from civicmail.city.identity.queries import signin_letters
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.snapshot.credentials import device_key
from civicmail.core.config.sentence import sentence

LIFETIME_MS = 72 * 3_600_000
"""ms for which an invitation can be used."""


def invite(person: Person, *, actor: Actor, reason: str, now: int, username: str = "") -> str:
    """The first half of a new letter for a person who has never signed in; opens the account. Older letters become invalid.

    Raises Conflict if the person has signed in, or has a passkey or a password, because two officers recover from a loss; and if an
    identity provider signs people in.
    """
    guard.require(actor, "account.invite", about_person(person), now=now)
    return _create_letter(person, False, actor=actor, reason=reason, now=now, username=username)


def recover(person: Person, *, actor: Actor, reason: str, now: int) -> str:
    """The first half of a letter for a person who lost every way to sign in; older ones end when it is used. The person is notified
    at every known address."""
    guard.require(actor, "account.recover", about_person(person), now=now)
    return _create_letter(person, True, actor=actor, reason=reason, now=now)


def hand_over(letter: Invitation, *, actor: Actor, reason: str, now: int) -> str:
    """The second half, by another person than the requester, who has seen the person. Once. Raises NotPermitted, Conflict.

    actor may be the owner of the data folder for a first sign-in, while no other person could do it.
    """
    reason = checked_reason(reason, min_length=10)
    if actor.machine:
        _require_nobody_else(letter, now)
    else:
        four_eyes.require(actor, "account.hand-over", signin_letters.about(letter), now=now)
    with transaction.atomic():
        row = Invitation.objects.select_for_update().select_related("account__person").get(pk=letter.pk)
        if not _is_open(row, now) or row.whole or row.handed is not None or not row.account.is_active:
            raise Conflict(sentence("This letter was handed over already, a newer one was made, or its time is over."))
        half = one_time_secrets.new_half()
        row.second = one_time_secrets.seal_half("counterpart", _key(), half)
        row.handed, row.handed_by, row.until = from_ms(now), actor.uid, from_ms(now + LIFETIME_MS)
        row.save(update_fields=["second", "handed", "handed_by", "until"])
        who = row.account.person
        facts = {"letter": row.pk, "by": row.by, "recovery": int(row.recovery)}
        entries.enter("account.hand-over", actor=actor, reason=reason, now=now, object=f"person:{who.uid}", facts=facts)
        if row.recovery:
            account_notices.notify_of_recovery(row, "handed", now=now)
    return half


def invite_first(person: Person, *, actor: Actor, reason: str, now: int, recovery: bool = False, username: str = "") -> str:
    """A whole link, for `access claim` and `access recover`, when no person who could invite is signed in. actor: a machine's."""
    if not actor.machine:
        raise NotPermitted("Officers invite people; this is for the command line of the owner.")
    secret = one_time_secrets.new_secret("invitation")
    _create(person, recovery, secret, actor=actor, reason=reason, now=now, username=username)
    return secret


def _create_letter(person: Person, recovery: bool, *, actor: Actor, reason: str, now: int, username: str = "") -> str:
    signin_ = settings.CITY.signin
    if named := [p.name for p in signin_.oidc] + [p.name for p in signin_.saml]:
        raise Conflict(
            f"People sign in by {' or '.join(named)} here, so there are no sign-in letters. Get help from that provider."
        )
    half = one_time_secrets.new_half()
    _create(person, recovery, half, actor=actor, reason=reason, now=now, username=username)
    return half


def _create(person: Person, recovery: bool, secret: str, *, actor: Actor, reason: str, now: int, username: str) -> None:
    """secret: a whole link, for a machine, else the first half of a letter."""
    reason = checked_reason(reason)
    with transaction.atomic():
        account = signin.account_of(person, actor=actor, reason=reason, now=now, username=username)
        if account.contained is not None:
            raise Conflict(
                f"Somebody else may be using the account of {person.display}: the security office must release it first."
            )
        if not account.is_active or not person.episodes.filter(ended__isnull=True).exists():
            raise Conflict(f"{person.display} does not work here any more.")
        if not recovery and (account.last_login is not None or has_credentials(account)):
            raise Conflict(f"{person.display} has a sign-in already; after a loss two officers make a recovery letter.")
        account.invitations.filter(used__isnull=True, ended__isnull=True).update(ended=from_ms(now))
        whole = actor.machine
        mac = one_time_secrets.seal("invitation", _key(), secret) if whole else one_time_secrets.seal_half("letter", _key(), secret)
        row = Invitation.objects.create(
            account=account,
            mac=mac,
            whole=whole,
            recovery=recovery,
            made=from_ms(now),
            until=from_ms(now + LIFETIME_MS),
            by=actor.uid,
            reason=reason,
        )
        act = "account.recover" if recovery else "account.invite"
        facts = {"letter": row.pk, "whole": int(whole), "until": now + LIFETIME_MS}
        entries.enter(act, actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
        if recovery:
            account_notices.notify_of_recovery(row, "asked", now=now)
        if recovery and whole:
            account_notices.notify_of_recovery_key(row, now=now)


def _require_nobody_else(letter: Invitation, now: int) -> None:
    if letter.recovery:
        raise NotPermitted("A recovery takes two officers. Without them, use the recovery key: civicmail access recover.")
    if who := signin_letters.who_may_hand_over(letter, now):
        raise NotPermitted(f"{who[0]} can hand this letter over, so the command line does not.")


def find_invitation(secret: str, *, now: int) -> Invitation | None:
    """The invitation of the command line that this is the secret of, while it can be used."""
    if not one_time_secrets.has_shape("invitation", secret):
        return None
    invitation = _find_by_mac(one_time_secrets.seal("invitation", _key(), secret))
    return invitation if invitation is not None and invitation.whole and _is_open(invitation, now) else None


def find_letter(first: str, second: str, *, now: int) -> Invitation | None:
    """The letter that these are the halves of, while it can be used."""
    invitation = _find_by_mac(one_time_secrets.seal_half("letter", _key(), first))
    theirs = one_time_secrets.seal_half("counterpart", _key(), second)
    if invitation is None or invitation.whole or invitation.handed is None or not hmac.compare_digest(invitation.second, theirs):
        return None
    return invitation if _is_open(invitation, now) else None


def _find_by_mac(mac: str) -> Invitation | None:
    return Invitation.objects.select_related("account__person").filter(mac=mac).first()


def accept(invitation: Invitation, set_: Callable[[Account], str], *, client: str, now: int) -> Account:
    """Use an invitation: set_ gives the account its passkey or password and returns which. Once: the second of two simultaneous
    uses gets Conflict. A recovery ends all older ways in: passkeys, codes, the password, sessions, device passwords, tokens, and
    activated roles."""
    with transaction.atomic():
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        account = Account.objects.select_for_update().select_related("person").get(pk=row.account_id)
        if not _is_open(row, now) or not (row.whole or row.handed is not None) or not account.is_active:
            raise Conflict("This link was used already, or its time is over.")
        gone: dict[str, int] = {}
        if row.recovery:
            Authenticator.objects.filter(user=account).delete()
            gone = sessions.end_all_of(account.person, now=now)
            account.refresh_from_db()
            account.set_unusable_password()
        account.locked = None
        account.save()
        how = set_(account)
        save_values(row, used=from_ms(now))
        actor = Actor(account.person.uid, account.person.display, client=client)
        facts = {"how": how, "recovery": int(row.recovery), "letter": row.pk, "by": row.by, "handed_by": row.handed_by, **gone}
        entries.enter("account.set", actor=actor, reason="link", now=now, object=f"person:{actor.uid}", facts=facts)
        if row.recovery:
            account_notices.notify_of_recovery(row, "used", now=now)
        publish_on_commit([account.person_id])
    return account


def has_credentials(account: Account) -> bool:
    """Whether the account has any credentials of its own here."""
    kinds = Authenticator.objects.filter(user=account).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return account.has_usable_password() or bool(kinds.exists())


def needs_letter(person: Person) -> bool:
    """Whether a letter is this person's way to a first sign-in: no identity provider signs people in, and no sign-in was set."""
    if settings.CITY.signin.oidc or settings.CITY.signin.saml:
        return False
    account = Account.objects.filter(person=person).first()
    return account is None or (account.last_login is None and not has_credentials(account))


def _is_open(row: Invitation, now: int) -> bool:
    return row.used is None and row.ended is None and from_ms(now) < row.until


def _key() -> bytes:
    data = data_folder()
    assert isinstance(data, Path), "sign-in needs a data folder"
    return device_key(data)
