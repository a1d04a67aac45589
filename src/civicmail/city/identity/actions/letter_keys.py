"""Switch single-letter keyboard shortcuts on or off for one person (WCAG 2.1.4)."""

from __future__ import annotations

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import OfPerson


def switch(on: bool, *, actor: Actor, now: int) -> None:
    """Switch one's own setting. Raises NotPermitted."""
    guard.require(actor, "home", OfPerson(actor.uid), now=now)
    Account.objects.filter(person__uid=actor.uid).update(letter_keys=on)
