"""Recover from an older database: end again what has ended according to the journals (P-06, P-09; L2).

The journals have the entries of acts, not the rows that these changed. So every person who lost access is locked until an officer
has checked, rights with a number of their own end, and everyone must sign in again. Other acts are listed, for people to repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity import database_rollback
from civicmail.city.identity.actions import publishing, sessions
from civicmail.city.identity.actions.access_requests import transition
from civicmail.city.identity.models import Authorization, Device, RoleActivation, RoleAssignment, Token
from civicmail.city.identity.queries.feeds import officers
from civicmail.city.notices.actions import notify
from civicmail.core.config.log import get_logger

ACT = "people.set-back"
WORKER = machine("worker")
OF_TABLES = (
    "access.", "account.", "agency.", "bar.", "containment.", "department.", "device.", "duty.", "machine.", "mandate.", "outside.",
    "person.", "policy.", "request.", "review.", "rule.", "statement.", "token.",
)  # fmt: skip
"""Beginnings of acts whose entry is written with the rows that they change, and comes to a journal afterwards."""
_LOOKS = frozenset({"access.signs"})
"""Of these, which only show something: their entry is in a journal first."""
SHUTS = frozenset({"access.end", "access.suspend", "account.recover", "bar.begin", "containment.lock"})
"""Acts after which a person may do less than before, or after which their sign-in may have been in other hands."""
_STOLEN = frozenset({"account.recover", "containment.lock"})
"""Of these, after which the password of before opens nothing."""
_RIGHTS = frozenset({"access.suspend", "access.revoke"})
"""Acts that may be about one right alone. What ends by its date ends by it again."""
_ENDS: dict[str, str] = {"device.end": "device", "device.lost": "device", "token.end": "token", "duty.end": "duty"}
_WHY = "The tables of people were set back, and do not say how this stood."
_NAMED = 200
"""Entries that one entry names."""
log = get_logger()


def carry_out(lost: Sequence[dict[str, Any]], *, now: int) -> None:
    """Shut out and end what these entries took away; inside the transaction in which they are written again. lost: entries that
    journals have and the table had not, as data."""
    acts = [one for one in lost if str(one["act"]).startswith(OF_TABLES) and one["act"] not in _LOOKS]
    if not acts:
        return
    numbers = {_object_name(one, "person") for one in acts if one["act"] in SHUTS}
    stolen = {_object_name(one, "person") for one in acts if one["act"] in _STOLEN}
    people = Person.objects.filter(uid__in=numbers).order_by("uid")
    shut = [_shut(person, now, stolen=person.uid in stolen) for person in people]
    rights = [_number(one, "authorisation") for one in acts if one["act"] in _RIGHTS]
    _suspend(Authorization.objects.filter(pk__in=[pk for pk in rights if pk is not None]), now)
    for one in acts:
        _end(one, now)
    sessions.end(Account.objects.all())
    for begin in range(0, len(acts), _NAMED):
        named = acts[begin : begin + _NAMED]
        facts = {"acts": len(named), "entries": [str(one["uuid"]) for one in named], "shut": shut if not begin else []}
        entries.enter(ACT, actor=WORKER, reason=_WHY, now=now, facts=facts)
    _tell(len(acts), shut, now)
    log.error("the tables of people were set back", acts=len(acts), shut=len(shut), security=True)
    publishing.publish_on_commit()
    if (data := publishing.data_folder()) is not None:
        transaction.on_commit(partial(database_rollback.record, data, now, [int(one["at"]) for one in acts], shut))


def _shut(person: Person, now: int, *, stolen: bool) -> str:
    """Lock the account like a compromised one: an officer unlocks it, and restores each right that is still valid."""
    _suspend(Authorization.objects.filter(person=person), now)
    also = {"password": make_password(None)} if stolen else {}
    sessions.end_all_of(person, now=now, locked=from_ms(now), **also)
    return person.uid


def _suspend(rows: QuerySet[Authorization], now: int) -> None:
    for row in rows.select_for_update().filter(state="active"):
        transition(row, "suspend", _WHY, now)


def _end(entry: dict[str, Any], now: int) -> None:
    at, made = from_ms(now), from_ms(int(entry["at"]))
    match _ENDS.get(str(entry["act"])):
        case "device":
            Device.objects.filter(key=_object_name(entry, "device"), ended__isnull=True).update(ended=at)
        case "token":
            Token.objects.filter(pk=_number(entry, "token") or 0, made__lte=made, ended__isnull=True).update(ended=at)
        case "duty":
            RoleAssignment.objects.filter(pk=_number(entry, "duty") or 0, starts__lte=made, ended__isnull=True).update(ended=at)
            RoleActivation.objects.filter(grant=_number(entry, "duty"), at__lte=made, laid_down__isnull=True).update(laid_down=at)


def _object_name(entry: dict[str, Any], kind: str) -> str:
    """The name behind "KIND:" in the object of an entry, else nothing."""
    object_kind, _, name = str(entry["object"]).partition(":")
    return name if object_kind == kind else ""


def _number(entry: dict[str, Any], kind: str) -> int | None:
    name = _object_name(entry, kind)
    return int(name) if name.isascii() and name.isdigit() else None


def _tell(acts: int, shut: Sequence[str], now: int) -> None:
    text = (
        f"An older copy of the tables of people was put back. {acts} acts that came after it are in the record, and not in the "
        f"tables. Everybody was signed out, and {len(shut)} people are shut out until you have looked at them: "
        f"{', '.join(shut[:50]) or 'nobody'}. The page Entries names each act (people.set-back); do again what is missing."
    )
    for address in officers(now):
        notify(f"set-back:{now}:{address}", address, "The tables of people were set back", text, now=from_ms(now))
