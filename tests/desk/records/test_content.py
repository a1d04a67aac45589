"""Content is opened under a request only to those who work on it, within its agreed scope, and leaves an entry first."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.query.tree import Everything
from civicmail.desk.records.actions import content
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries.requests import mandate_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_row(city: Any) -> Request:
    return Request.objects.get(number=city.objects["records review"])


def actor(city: Any, key: str) -> Actor:
    return actor_of(city.people[key].account, "", epoch_ms(city.now))


@pytest.mark.rule("P-21", "Content is read under a request by its assigned people, within its agreed scope, with an entry first.")
def test_who_is_assigned_gets_a_permit_and_leaves_an_entry(city: Any, request_row: Request) -> None:
    now = epoch_ms(city.now)
    permit = content.under(request_row, "content.show", actor=actor(city, "recorder"), facts={"ids": ["x"]}, now=now)
    assert permit.mandate == request_row.number
    entry = Entry.objects.get(object=content.object_of(request_row), act="content.show")
    assert permit.entry == f"entry:{entry.uuid}" and entry.facts["ids"] == ["x"]


def test_nobody_else_gets_one(city: Any, request_row: Request) -> None:
    now = epoch_ms(city.now)
    with pytest.raises(NotPermitted, match="not assigned"):
        content.under(request_row, "content.show", actor=actor(city, "examiner"), facts={}, now=now)
    request_row.assignments.filter(person=city.people["recorder"]).update(until=city.now)
    with pytest.raises(NotPermitted, match="not assigned"):
        content.under(request_row, "content.show", actor=actor(city, "recorder"), facts={}, now=now)


def test_nothing_is_read_without_an_agreed_scope_or_after_the_end(city: Any, request_row: Request) -> None:
    now, officer = epoch_ms(city.now), actor(city, "recorder")
    request_row.state = "withdrawn"
    request_row.save()
    with pytest.raises(NotPermitted, match="not in force"):
        content.under(request_row, "content.show", actor=officer, facts={}, now=now)
    request_row.state = "review"
    request_row.save()
    request_row.scopes.filter(state="agreed").update(state="replaced")
    with pytest.raises(NotPermitted, match="no agreed scope"):
        content.under(request_row, "content.show", actor=officer, facts={}, now=now)


def test_a_scope_without_words_covers_nothing(city: Any, request_row: Request) -> None:
    """A whole archive is never a scope."""
    scope = request_row.scopes.get(state="agreed")
    scope.query = "  "
    scope.save()
    mandate = mandate_of(request_row, actor(city, "recorder"), epoch_ms(city.now))
    tree = mandate.scope.restrict(Everything(), epoch_ms(city.now))
    assert "Not" in repr(tree)
