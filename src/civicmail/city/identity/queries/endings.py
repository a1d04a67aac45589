"""Reads about endings: what still lives, which sessions are whose, what is due (L1, L2, L6)."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization


def living_authorizations(episodes: Sequence[int]) -> QuerySet[Authorization]:
    """Authorizations of these employments (ids of rows) that live."""
    return Authorization.objects.filter(episode__in=episodes, state__in=LIVING)


def sessions_of(accounts: Sequence[int]) -> dict[int, list[str]]:
    """Keys of the sessions of accounts (ids of rows) that are there."""
    sessions: dict[int, list[str]] = {}
    rows = UserSession.objects.filter(user__in=accounts).values_list("user", "session_key")
    pairs = list(rows)
    present = set(Session.objects.filter(session_key__in=[key for _, key in pairs]).values_list("session_key", flat=True))
    for account, key in pairs:
        if key in present:
            sessions.setdefault(account, []).append(key)
    return sessions
