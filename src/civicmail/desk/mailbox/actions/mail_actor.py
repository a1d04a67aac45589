"""The person who marks mail of their own."""

from __future__ import annotations

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import OfPerson


def require_reader(actor: Actor, now: int) -> Person:
    """Return the person. now: ms. Raises NotPermitted if they have no mail."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    return acting_person(actor)
