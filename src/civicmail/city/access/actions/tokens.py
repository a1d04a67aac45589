"""Tokens for the command line of a claimed installation: shown once, of one person, with an end (P-07, P-16)."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from civicmail.city.access import guard, shownonce
from civicmail.city.access.actions import entries
from civicmail.city.access.actions.publishing import data_folder
from civicmail.city.access.actors import Actor
from civicmail.city.access.acts import About
from civicmail.city.access.credentials import device_key
from civicmail.city.access.errors import NotPermitted, Unusable
from civicmail.city.access.models import Account, Token
from civicmail.city.access.moments import moment
from civicmail.city.directory.models import Person

DAY = 86_400_000
LASTS = 30
"""The most days for which a token may be made."""


def make(person: Person, *, days: int, actor: Actor, now: int) -> str:
    """A new token, shown this once."""
    guard.require(actor, "my.devices", About(person=person.uid), now=now)
    if not 1 <= days <= LASTS:
        raise Unusable(f"A token lasts from 1 to {LASTS} days.", {"days": f"From 1 to {LASTS} days."})
    text = shownonce.new("token")
    until = now + days * DAY
    with transaction.atomic():
        made = Token.objects.create(person=person, mac=_seal(text), made=moment(now), until=moment(until))
        entries.enter("token.make", actor=actor, reason="", now=now, object=f"token:{made.pk}", facts={"until": until})
    return text


def end(token: Token, *, actor: Actor, now: int) -> None:
    """This token opens nothing any more; ending one twice changes nothing."""
    guard.require(actor, "my.devices", About(person=token.person.uid), now=now)
    with transaction.atomic():
        row = Token.objects.select_for_update().get(pk=token.pk)
        if row.ended is None:
            row.ended = moment(now)
            row.save(update_fields=["ended"])
            entries.enter("token.end", actor=actor, reason="", now=now, object=f"token:{row.pk}")


def account_by(text: str, person: str, *, now: int) -> Account:
    """The account of the person (uid or sign-in name) whose token this is, and note the use. Raises NotPermitted, with one
    sentence for every reason: wrong, over, ended, somebody else's, of somebody who left or is locked."""
    at = moment(now)
    found = None
    if shownonce.is_shaped("token", text):
        rows = Token.objects.filter(mac=_seal(text), ended__isnull=True, until__gt=at)
        found = rows.first()
    account = Account.objects.select_related("person").filter(person=found.person_id).first() if found is not None else None
    named = account is not None and person.strip().lower() in (account.username, account.person.uid.lower())
    if found is None or account is None or not named or not account.is_active or account.locked is not None:
        raise NotPermitted("The token is not good for this person; make a new one on the page Devices.")
    Token.objects.filter(pk=found.pk).update(used=at)
    return account


def _seal(text: str) -> str:
    data = data_folder()
    assert isinstance(data, Path), "tokens need a data folder"
    return shownonce.seal("token", device_key(data), text)
