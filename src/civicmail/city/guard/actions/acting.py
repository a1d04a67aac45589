"""Helpers of verbs: the acting person, locked rows, the open employment."""

from __future__ import annotations

from django.db.models import Model

from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict, NotPermitted


def acting_person(actor: Actor) -> Person:
    """The person who acts. Raises NotPermitted if the actor is not a person: a machine, the owner of the data folder."""
    person = Person.objects.filter(uid=actor.uid).first() if actor.uid and not actor.machine else None
    if person is None:
        raise NotPermitted("This takes a person of the city who is signed in.")
    return person


def lock_row[Row: Model](row: Row, *seen: str) -> Row:
    """The present row, locked until the transaction ends. seen: names of columns that must equal what the actor saw; raises
    Conflict if one was changed meanwhile."""
    now = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if any(getattr(now, column) != getattr(row, column) for column in seen):
        raise Conflict("Not saved: another person changed this first. Reload the page.")
    return now


def employment(person: Person) -> Episode:
    """The open employment of a person. Raises Conflict without one."""
    episode = person.episodes.select_related("department", "contract__agency").filter(ended__isnull=True).first()
    if episode is None:
        raise Conflict(f"{person} does not work for the city now.")
    return episode
