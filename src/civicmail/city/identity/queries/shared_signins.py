"""Signs of shared sign-ins, for review (S2; AC-2(12))."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from allauth.usersessions.models import UserSession

from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.models import Entry

HOUR_MS = 3_600_000
MIN_PLACES = 3
"""Addresses within an hour: a desk and a telephone are two."""

MIN_PEOPLE = 3
"""People who set a new sign-in from one address within a day."""


@dataclass(frozen=True, slots=True)
class Sign:
    """kind: places (one person, several addresses at once) or source (one address, several new sign-ins); who: uid or address;
    facts: the addresses, or the uids; at: ms of the last of them."""

    kind: str
    who: str
    facts: tuple[str, ...]
    at: int


def signs(now: int) -> list[Sign]:
    """Signs of the last day, newest first; two queries. now: ms."""
    return sorted([*_places(now), *_sources(now)], key=lambda s: (-s.at, s.who))


def _places(now: int) -> list[Sign]:
    rows = UserSession.objects.filter(created_at__gt=from_ms(now - DAY_MS)).order_by("created_at")
    by_person: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for uid, at, ip in rows.values_list("user__person__uid", "created_at", "ip"):
        by_person[uid].append((int(at.timestamp() * 1000), ip))
    signs = []
    for uid, sessions in by_person.items():
        for at, _ in reversed(sessions):
            near = sorted({ip for other, ip in sessions if at - HOUR_MS < other <= at})
            if len(near) >= MIN_PLACES:
                signs.append(Sign("places", uid, tuple(near), at))
                break
    return signs


def _sources(now: int) -> list[Sign]:
    rows = Entry.objects.filter(act="account.set", at__gt=now - DAY_MS).exclude(client="").order_by("id")
    by_address: dict[str, dict[str, int]] = defaultdict(dict)
    for client, uid, at in rows.values_list("client", "person", "at"):
        by_address[client][uid] = at
    return [Sign("source", a, tuple(sorted(who)), max(who.values())) for a, who in by_address.items() if len(who) >= MIN_PEOPLE]
