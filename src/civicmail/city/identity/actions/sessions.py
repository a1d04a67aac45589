"""End sessions of accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.identity.models import Device, RoleActivation, Token
from civicmail.city.identity.queries.endings import sessions_of


def end(accounts: QuerySet[Account], *, keep: str = "", **also: Any) -> dict[int, int]:
    """Whatever is signed in ends, inside the caller's transaction; how many sessions of the pages that were, by account. keep: key
    of one that stays, if it takes over the new epoch; also: columns of the accounts that change with it."""
    sessions = sessions_of(list(accounts.values_list("pk", flat=True)))
    ended = {account: [key for key in keys if key != keep] for account, keys in sessions.items()}
    accounts.update(epoch=F("epoch") + 1, **also)
    Session.objects.filter(session_key__in=[key for keys in ended.values() for key in keys]).delete()
    return {account: len(keys) for account, keys in ended.items()}


def end_all_of(person: Person, *, now: int, **also: Any) -> dict[str, int]:
    """Revoke all secrets of an account that others may have: sessions, device passwords, tokens, invitations, and activations
    of roles. Inside the caller's transaction; returns the number of each. also: columns of the account to change in the same
    update."""
    at = from_ms(now)
    devices = Device.objects.filter(person=person, ended__isnull=True).update(ended=at)
    tokens = Token.objects.filter(person=person, ended__isnull=True).update(ended=at)
    taken = RoleActivation.objects.filter(grant__person=person, laid_down__isnull=True, until__gt=at).update(laid_down=at)
    Invitation.objects.filter(account__person=person, ended__isnull=True, used__isnull=True).update(ended=at)
    ended = end(Account.objects.filter(person=person), **also)
    return {"devices": devices, "tokens": tokens, "taken": taken, "sessions": sum(ended.values())}
