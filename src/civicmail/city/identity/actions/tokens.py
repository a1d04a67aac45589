"""Tokens for the command line of a claimed installation, and with scopes for the API: shown once, of one person, with an end (P-07,
P-16)."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from pathlib import Path

from django.db import transaction

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, require_usable
from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity import one_time_secrets, token_scopes
from civicmail.city.identity.actions import account_notices
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.identity.models import Token
from civicmail.city.snapshot.credentials import device_key
from civicmail.core.config.sentence import sentence

DAY = 86_400_000
DEFAULT_DAYS = 30
"""The most days for which a token of the command line may be made."""

MAX_API_DAYS = 365
"""The same for one with scopes: a program cannot ask for another one, so it may live longer, and can do less."""

MAX_ROLE_DAYS = 1
"""The same for one that changes who has which role: nobody looks when it is used, so whoever finds it has a day (P-07)."""

WRITES_ROLES = "write:duties"

MAX_TOKENS = 20
"""Tokens with scopes that one person may have at a time."""

USE_NOTED_EVERY_MS = 60_000
"""ms after which a use is noted again."""


def make(person: Person, *, days: int, actor: Actor, now: int) -> str:
    """A new token for the command line, shown this once."""
    guard.require(actor, "my.devices", OfPerson(person.uid), now=now)
    if not 1 <= days <= DEFAULT_DAYS:
        raise Unusable(f"A token lasts from 1 to {DEFAULT_DAYS} days.", {"days": f"From 1 to {DEFAULT_DAYS} days."})
    with transaction.atomic():
        return _create(person, "", [], now + days * DAY, actor, now)


def make_for_program(person: Person, name: str, requested: Collection[str], *, days: int, actor: Actor, now: int) -> str:
    """A new token of the API, shown this once. name: the program that it is for; requested: scopes. Raises Unusable, Conflict."""
    guard.require(actor, "my.devices", OfPerson(person.uid), now=now)
    most = MAX_ROLE_DAYS if WRITES_ROLES in requested else MAX_API_DAYS
    wrong = {
        "name": "" if name.strip() else "Name the program.",
        "days": "" if 1 <= days <= most else _lifetime_error(most),
        "scopes": ""
        if requested and not token_scopes.unknown_scopes(requested)
        else "Choose what the program may do, from the list.",
    }
    require_usable({field: error for field, error in wrong.items() if error})
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)  # two at once must not pass MOST
        if _living(person, now) >= MAX_TOKENS:
            raise Conflict(sentence("There are {most} tokens for programs; end one that is not used any more.", most=MAX_TOKENS))
        return _create(person, name.strip()[:80], token_scopes.ordered(requested), now + days * DAY, actor, now)


def _lifetime_error(most: int) -> str:
    if most == MAX_ROLE_DAYS:
        return sentence("A token that changes who has which role lasts one day.")
    return sentence("From 1 to {most} days.", most=most)


def _living(person: Person, now: int) -> int:
    return Token.objects.filter(person=person, ended__isnull=True, until__gt=from_ms(now)).exclude(name="").count()


def _create(person: Person, name: str, requested: list[str], until: int, actor: Actor, now: int) -> str:
    text = one_time_secrets.new_secret("token")
    epoch = Account.objects.filter(person=person).values_list("epoch", flat=True).first()
    row = Token.objects.create(
        person=person, name=name, scopes=requested, epoch=epoch, mac=_seal(text), made=from_ms(now), until=from_ms(until)
    )
    facts = {"until": until} | ({"name": name, "scopes": requested} if requested else {})
    entries.enter("token.make", actor=actor, reason="", now=now, object=f"token:{row.pk}", facts=facts)
    account_notices.add(person, "program" if requested else "token", name, now=now)
    return text


def end(token: Token, *, actor: Actor, now: int) -> None:
    """End a token; ending one twice changes nothing."""
    guard.require(actor, "my.devices", OfPerson(token.person.uid), now=now)
    with transaction.atomic():
        row = Token.objects.select_for_update().get(pk=token.pk)
        if row.ended is None:
            save_values(row, ended=from_ms(now))
            entries.enter("token.end", actor=actor, reason="", now=now, object=f"token:{row.pk}")


def account_by(text: str, person: str, *, now: int) -> Account:
    """The account of the person (uid or sign-in name) with this command-line token; note the use. Raises NotPermitted, with the
    same sentence for every reason: wrong, expired, ended, another person's, for the API, of a leaver or a locked account."""
    match = _find_valid(text, now)
    named = match is not None and person.strip().lower() in (match[1].username, match[1].person.uid.lower())
    if match is None or not named or match[0].scopes:
        raise NotPermitted("The token is not good for this person; make a new one on the page My devices.")
    Token.objects.filter(pk=match[0].pk).update(used=from_ms(now))
    return match[1]


def program_by(text: str, *, now: int) -> tuple[Token, Account] | None:
    """The token of the API with this text, and whose it is; None for every reason why it opens nothing."""
    match = _find_valid(text, now)
    if match is None or not match[0].scopes or _is_too_old(match[0], now):
        return None
    if match[0].used is None or now - epoch_ms(match[0].used) >= USE_NOTED_EVERY_MS:
        Token.objects.filter(pk=match[0].pk).update(used=from_ms(now))
    return match


def _is_too_old(token: Token, now: int) -> bool:
    """Whether a token was made when longer lifetimes were allowed, and is too old now."""
    return WRITES_ROLES in token.scopes and now - epoch_ms(token.made) > MAX_ROLE_DAYS * DAY


def _find_valid(text: str, now: int) -> tuple[Token, Account] | None:
    """The token with this sealed text if it is valid: not expired, not ended, its person here and not locked, and made since all
    sessions were last ended (L2)."""
    if not one_time_secrets.has_shape("token", text):
        return None
    seal = _seal(text)
    row = Token.objects.filter(mac=seal, ended__isnull=True, until__gt=from_ms(now)).first()
    if row is None or not hmac.compare_digest(row.mac, seal):
        return None
    account = Account.objects.select_related("person").filter(person=row.person_id).first()
    if account is None or not account.is_active or account.locked is not None:
        return None
    return (row, account) if row.epoch in (None, account.epoch) else None


def _seal(text: str) -> str:
    data = data_folder()
    assert isinstance(data, Path), "tokens need a data folder"
    return one_time_secrets.seal("token", device_key(data), text)
