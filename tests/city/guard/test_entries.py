"""Entries of people's acts: in one transaction with what they describe, append-only, none forgotten by the ledger (A1, A3)."""

from __future__ import annotations

import orjson
import pytest
from django.db import DatabaseError, connection, transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotRecorded
from civicmail.city.guard.models import Entry

pytestmark = pytest.mark.django_db

CLERK = Actor("e-17", "Ines Moravec", client="192.0.2.7")
NOW = 1_700_000_000_000


def _enter(at: int = NOW) -> Entry:
    return entries.enter("duty.grant", actor=CLERK, reason="new clerk", now=at, object="duty:1", facts={"before": "", "after": "x"})


@pytest.mark.rule("P-16, A1", "An entry states the actor, the role, the object, the reason and the client.")
def test_an_entry_says_who_what_why_when_whence_and_by_which_program() -> None:
    head = orjson.loads(bytes(_enter().head))
    assert head["person"] == "e-17" and head["act"] == "duty.grant" and head["reason"] == "new clerk"
    assert head["at"] == NOW and head["client"] == "192.0.2.7" and head["version"] and head["object"] == "duty:1"


@pytest.mark.rule("P-16, promise 4, A3", "The database itself refuses to change or remove an entry.")
@pytest.mark.parametrize("verb", ["UPDATE access_entry SET reason = 'other'", "DELETE FROM access_entry"])
def test_raw_sql_cannot_change_or_remove_an_entry(verb: str) -> None:
    """The database itself refuses."""
    _enter()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as c:
        c.execute(verb)
    assert Entry.objects.get().reason == "new clerk"


def test_an_entry_goes_with_its_transaction() -> None:
    """A3: no entry of what did not happen."""
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        _enter()
        raise ValueError("no")
    assert not Entry.objects.exists()


@pytest.mark.rule("P-16, promise 4, A3", "An entry is part of the transaction of what it describes.")
@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_of_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        _enter()


@pytest.mark.rule("P-16, promise 4, A1", "Unsent entries are queried by absence, so that the order of commits hides none.")
def test_entries_are_carried_by_absence_whatever_the_order_of_their_commits() -> None:
    first, second = _enter(), _enter()
    entries.mark_carried([(second, "j", 1)], now=NOW)
    assert entries.waiting(10) == [first]


@pytest.mark.rule("P-16, promise 4, E6", "Nothing is shown while the ledger lags by more than a minute.")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_shown_while_the_ledger_lags() -> None:
    with transaction.atomic():
        _enter(NOW - entries.MAX_LAG_MS - 1)
    with pytest.raises(NotRecorded, match="60 seconds behind"):
        entries.enter_alone("content.show", actor=CLERK, reason="case 1", now=NOW, facts={})
    assert Entry.objects.count() == 1
