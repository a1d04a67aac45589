"""Set how pages look for one person: language, colors, density, time zone, and single-letter keys (WCAG 2.1.4)."""

from __future__ import annotations

from collections.abc import Mapping

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import OfPerson


def set_preferences(values: Mapping[str, str | bool], *, actor: Actor, now: int) -> None:
    """Set one's own. values: field of the account -> value; others stay. Raises NotPermitted."""
    guard.require(actor, "home", OfPerson(actor.uid), now=now)
    Account.objects.filter(person__uid=actor.uid).update(**values)
