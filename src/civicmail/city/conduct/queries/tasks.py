"""Collect the tasks of this room for the Home page; the modules that own the rows supply them."""

from __future__ import annotations

from collections.abc import Callable

from civicmail.city.conduct.queries import closures, external_systems, leavers, reviews, statements, violation_tasks
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.queries.home_tasks import Tasks

Source = Callable[[Actor, int], list[Tasks]]
"""(who, ms) -> groups of tasks, none where nothing waits; a fixed number of queries."""

SOURCES: list[Source] = [
    reviews.tasks,
    leavers.tasks,
    closures.tasks,
    external_systems.tasks,
    statements.tasks,
    violation_tasks.tasks,
]


def register(source: Source) -> None:
    """Add a source of tasks from a room above this one, for Home and the daily mail."""
    if source not in SOURCES:
        SOURCES.append(source)


def of(actor: Actor, now: int) -> list[Tasks]:
    """Groups with something in them."""
    return [group for source in SOURCES for group in source(actor, now) if group.tasks]
