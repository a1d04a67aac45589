"""Signing people out: the epoch shuts every door at its next look, and the sessions of the pages go as rows."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet

from civicmail.city.access.models import Account
from civicmail.city.access.queries.endings import sessions_of


def end(accounts: QuerySet[Account], *, keep: str = "", **also: Any) -> dict[int, int]:
    """Whatever is signed in ends, inside the caller's transaction; how many sessions of the pages that were, by account. keep: key
    of one that stays, if it takes over the new epoch; also: columns of the accounts that change with it."""
    there = sessions_of(list(accounts.values_list("pk", flat=True)))
    ended = {account: [key for key in keys if key != keep] for account, keys in there.items()}
    accounts.update(epoch=F("epoch") + 1, **also)
    Session.objects.filter(session_key__in=[key for keys in ended.values() for key in keys]).delete()
    return {account: len(keys) for account, keys in ended.items()}
