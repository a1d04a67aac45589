"""Protect the access of elected officials while they hold office (P-30, decision 0039)."""

from __future__ import annotations

from collections.abc import Collection

from civicmail.city.directory.models import Episode
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.identity.person_kinds import NEVER_SILENCED


def among(people: Collection[int]) -> bool:
    """Whether one of these people (ids of rows) holds an elected office now."""
    return Episode.objects.filter(person__in=people, ended__isnull=True, kind__in=NEVER_SILENCED).exists()


def require_end(people: Collection[int], actor: Actor) -> None:
    """Raise NotPermitted where a department would end access of who was elected: that is the personnel list's, or is recorded by
    the access office, when the office is over."""
    if not actor.machine and not actor.holds("access-officer") and among(people):
        raise NotPermitted(
            "Not ended: an elected official has mail as long as the office lasts. The "
            "access office records the end of the office (P-30)."
        )
