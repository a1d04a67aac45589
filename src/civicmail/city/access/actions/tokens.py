"""Tokens for the command line of a claimed installation, and with scopes for the API: shown once, of one person, with an end (P-07,
P-16)."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from pathlib import Path

from django.db import transaction

from civicmail.city.access import guard, scopes, shownonce
from civicmail.city.access.actions import accountnews, entries
from civicmail.city.access.actions.publishing import data_folder
from civicmail.city.access.actors import Actor
from civicmail.city.access.credentials import device_key
from civicmail.city.access.errors import Conflict, NotPermitted, Unusable
from civicmail.city.access.models import Account, Token
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.resources import OfPerson
from civicmail.city.directory.models import Person
from civicmail.core.config.sentence import sentence

DAY = 86_400_000
LASTS = 30
"""The most days for which a token of the command line may be made."""

LASTS_API = 365
"""The same for one with scopes: a program cannot ask for another one, so it may live longer, and can do less."""

LASTS_DUTIES = 1
"""The same for one that changes who has which duty: nobody looks when it is used, so whoever finds it has a day (P-07)."""

WRITES_DUTIES = "write:duties"

MOST = 20
"""Tokens with scopes that one person may have at a time."""

SEEN_EVERY = 60_000
"""ms after which a use is noted again."""


def make(person: Person, *, days: int, actor: Actor, now: int) -> str:
    """A new token for the command line, shown this once."""
    guard.require(actor, "my.devices", OfPerson(person.uid), now=now)
    if not 1 <= days <= LASTS:
        raise Unusable(f"A token lasts from 1 to {LASTS} days.", {"days": f"From 1 to {LASTS} days."})
    with transaction.atomic():
        return _made(person, "", [], now + days * DAY, actor, now)


def make_for_program(person: Person, name: str, wanted: Collection[str], *, days: int, actor: Actor, now: int) -> str:
    """A new token of the API, shown this once. name: the program that it is for; wanted: scopes. Raises Unusable, Conflict."""
    guard.require(actor, "my.devices", OfPerson(person.uid), now=now)
    most = LASTS_DUTIES if WRITES_DUTIES in wanted else LASTS_API
    wrong = {
        "name": "" if name.strip() else "Say which program it is for.",
        "days": "" if 1 <= days <= most else _too_long(most),
        "scopes": "" if wanted and not scopes.unknown(wanted) else "Choose what the program may do, from the list.",
    }
    if wrong := {field: said for field, said in wrong.items() if said}:
        raise Unusable(next(iter(wrong.values())), wrong)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)  # two at once must not pass MOST
        if _living(person, now) >= MOST:
            raise Conflict(sentence("There are {most} tokens for programs; end one that is not used any more.", most=MOST))
        return _made(person, name.strip()[:80], scopes.in_order(wanted), now + days * DAY, actor, now)


def _too_long(most: int) -> str:
    if most == LASTS_DUTIES:
        return sentence("A token that changes who has which duty lasts one day.")
    return sentence("From 1 to {most} days.", most=most)


def _living(person: Person, now: int) -> int:
    return Token.objects.filter(person=person, ended__isnull=True, until__gt=moment(now)).exclude(name="").count()


def _made(person: Person, name: str, wanted: list[str], until: int, actor: Actor, now: int) -> str:
    text = shownonce.new("token")
    epoch = Account.objects.filter(person=person).values_list("epoch", flat=True).first()
    row = Token.objects.create(
        person=person, name=name, scopes=wanted, epoch=epoch, mac=_seal(text), made=moment(now), until=moment(until)
    )
    facts = {"until": until} | ({"name": name, "scopes": wanted} if wanted else {})
    entries.enter("token.make", actor=actor, reason="", now=now, object=f"token:{row.pk}", facts=facts)
    accountnews.note(person, "program" if wanted else "token", name, now=now)
    return text


def end(token: Token, *, actor: Actor, now: int) -> None:
    """This token opens nothing any more; ending one twice changes nothing."""
    guard.require(actor, "my.devices", OfPerson(token.person.uid), now=now)
    with transaction.atomic():
        row = Token.objects.select_for_update().get(pk=token.pk)
        if row.ended is None:
            row.ended = moment(now)
            row.save(update_fields=["ended"])
            entries.enter("token.end", actor=actor, reason="", now=now, object=f"token:{row.pk}")


def account_by(text: str, person: str, *, now: int) -> Account:
    """The account of the person (uid or sign-in name) whose token of the command line this is, and note the use. Raises
    NotPermitted, with one sentence for every reason: wrong, over, ended, somebody else's, for the API, of somebody who left or is
    locked."""
    found = _shown(text, now)
    named = found is not None and person.strip().lower() in (found[1].username, found[1].person.uid.lower())
    if found is None or not named or found[0].scopes:
        raise NotPermitted("The token is not good for this person; make a new one on the page Devices.")
    Token.objects.filter(pk=found[0].pk).update(used=moment(now))
    return found[1]


def program_by(text: str, *, now: int) -> tuple[Token, Account] | None:
    """The token of the API with this text, and whose it is; None for every reason why it opens nothing."""
    found = _shown(text, now)
    if found is None or not found[0].scopes or _is_too_old(found[0], now):
        return None
    if found[0].used is None or now - ms(found[0].used) >= SEEN_EVERY:
        Token.objects.filter(pk=found[0].pk).update(used=moment(now))
    return found


def _is_too_old(token: Token, now: int) -> bool:
    """Of one that was made when such tokens lived longer."""
    return WRITES_DUTIES in token.scopes and now - ms(token.made) > LASTS_DUTIES * DAY


def _shown(text: str, now: int) -> tuple[Token, Account] | None:
    """What the database has under the seal of this text, while it is good: not over, not ended, its person here, not locked, and
    nothing has ended all sessions since (L2)."""
    if not shownonce.is_shaped("token", text):
        return None
    seal = _seal(text)
    row = Token.objects.filter(mac=seal, ended__isnull=True, until__gt=moment(now)).first()
    if row is None or not hmac.compare_digest(row.mac, seal):
        return None
    account = Account.objects.select_related("person").filter(person=row.person_id).first()
    if account is None or not account.is_active or account.locked is not None:
        return None
    return (row, account) if row.epoch in (None, account.epoch) else None


def _seal(text: str) -> str:
    data = data_folder()
    assert isinstance(data, Path), "tokens need a data folder"
    return shownonce.seal("token", device_key(data), text)
