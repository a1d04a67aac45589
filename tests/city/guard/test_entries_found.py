"""Entries are found by an index, also where there are a million (P-16, A1; issue 4, "Speed")."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import entries

pytestmark = pytest.mark.django_db
NOW = 1_772_452_800_000
SOURCES = Path(entries.__file__).parents[1]


@pytest.fixture
def said() -> None:
    Person.objects.create(uid="e-17", given="Ana", family="Ruiz", display="Ana Ruiz")
    with transaction.atomic():
        for act, who, object_, behalf in (
            ("person.change", "e-1", "person:e-17", ""),
            ("mailbox.make", "e-17", "mailbox:clerk@city.example", ""),
            ("content.show", "e-2", "capture:0197", "e-17"),
            ("duty.grant", "e-1", "duty:4", ""),
        ):
            enter(act, actor=Actor(who), reason="why", now=NOW, object=object_, behalf=behalf)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("e-17", {"person.change", "mailbox.make", "content.show"}),
        ("ruiz", {"person.change", "mailbox.make", "content.show"}),
        ("clerk@city.example", {"mailbox.make"}),
        ("mailbox:clerk@city.example", {"mailbox.make"}),
        ("e-1", {"person.change", "duty.grant"}),
        ("0197", {"content.show"}),
        ("nobody", set()),
    ],
)
def test_words_find_a_person_by_number_or_name_and_a_thing_by_its_name(said: None, words: str, found: set[str]) -> None:
    """P-16."""
    assert {e.act for e in entries.filter_about(Entry.objects.all(), words)} == found


def test_the_acts_are_those_that_entries_have(said: None) -> None:
    assert entries.acts() == ["content.show", "duty.grant", "mailbox.make", "person.change"]


def test_only_the_newest_are_found(said: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_ROWS", 1)
    assert {e.act for e in entries.filter_about(Entry.objects.all(), "e-1")} == {"duty.grant"}


@pytest.mark.rule("P-16", "Entries about a person, an object, an act or a time are queried by an index.")
@pytest.mark.parametrize(
    "ask",
    [
        lambda rows: entries.filter_about(rows, "e-17"),
        lambda rows: rows.filter(act="sign-in", at__gte=NOW),
        lambda rows: rows.filter(at__gte=NOW).order_by(),
        lambda rows: rows.filter(person="e-17"),
        lambda rows: rows.filter(object="person:e-17"),
    ],
)
def test_no_question_reads_every_entry(said: None, ask: Callable[[QuerySet[Any]], QuerySet[Any]]) -> None:
    """The database's own plan."""
    with connection.cursor() as c:
        if connection.vendor == "postgresql":
            c.execute("SET LOCAL enable_seqscan = off")  # it prefers that while there are few rows
        plan = ask(Entry.objects.order_by("-id")).explain()
    assert not re.search(r"SCAN access_entry(?! USING)|Seq Scan on access_entry", plan), plan


def test_each_kind_of_thing_can_be_named_without_its_kind() -> None:
    """An act on something new makes `object` with a kind that words do not know: here it is noticed."""
    written = {kind for path in SOURCES.rglob("*.py") for kind in re.findall(r'object=f"([a-z-]+):', path.read_text())}
    assert written <= set(entries.KINDS)
