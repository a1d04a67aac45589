"""Helpers of verbs: the acting person, locked rows, the open employment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
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


@contextmanager
def locked_row[Row: Model](row: Row, *seen: str) -> Iterator[Row]:
    """A transaction with this row locked, as lock_row. Raises Conflict."""
    with transaction.atomic():
        yield lock_row(row, *seen)


def save_values(row: Model, **values: Any) -> None:
    """Set these fields of the row, and save them alone."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def employment(person: Person) -> Episode:
    """The open employment of a person. Raises Conflict without one."""
    episode = person.episodes.select_related("department", "contract__agency").filter(ended__isnull=True).first()
    if episode is None:
        raise Conflict(f"{person} does not work for the city now.")
    return episode
