"""The person who marks mail of their own."""

from __future__ import annotations

from civicmail.city.access import guard
from civicmail.city.access.actions.acting import acting_person
from civicmail.city.access.actors import Actor
from civicmail.city.access.resources import OfPerson
from civicmail.city.directory.models import Person


def require_reader(actor: Actor, now: int) -> Person:
    """Return the person. now: ms. Raises NotPermitted if they have no mail."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    return acting_person(actor)
