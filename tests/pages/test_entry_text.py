"""The audit log says people and departments by name, and no number where a name is (P-16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.entry_text import EntryNames
from pages.world import Town

ACT = re.compile(r"[a-z][a-z-]*\.[a-z][a-z-]*")


def entry(act: str, object_: str, **facts: object) -> Entry:
    return Entry(act=act, object=object_, facts=facts, person="p-head")


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_names_stand_in_place_of_numbers_and_empty_facts_are_left_out() -> None:
    rows = [
        entry("sign-in", "person:p-crew0", how=[]),
        entry("request.approve", "authorisation:7", person="p-crew0", mailbox="works@city.example"),
        entry("duty.grant", "duty:3", person="p-head", duty="auditor", until=1_796_193_895_489),
        entry("department.change", "department:public-works", before=[""], after=["p-head", "p-gone"]),
        entry("rule.approve", "rule:first-file", version=2, is_new=True),
        entry("books.shelve", "shelf:9"),
    ]
    names = EntryNames.of(rows)
    assert [names.object(row) for row in rows] == [
        "Dana Ortiz",
        "access of Dana Ortiz to works@city.example",
        "Auditor of Rosa Hale",
        "Public Works",
        "rule first-file",
        "shelf 9",
    ]
    assert names.sentence(rows[0]) == "Signed in: Dana Ortiz" and names.who(rows[0]) == "Rosa Hale"
    assert names.facts(rows[0]) == []
    assert dict(names.facts(rows[2]))["until"].startswith("Dec 2, 2026")
    assert names.facts(rows[3]) == [("after", "Rosa Hale, p-gone")]
    assert ("is new", "yes") in names.facts(rows[4])


@pytest.mark.django_db
def test_the_audit_log_of_a_whole_town_says_everything_in_words(city: Town, visit: Callable[..., Any]) -> None:
    """Everything that the world of the pages has entered, object by object."""
    rows = list(Entry.objects.all())
    names = EntryNames.of(rows)
    for row in rows:
        told = [names.sentence(row), *(f"{name} {value}" for name, value in names.facts(row))]
        assert not any(ACT.fullmatch(text) or "[]" in text or re.match(r"[a-z-]+:", text) for text in told), told
        assert not row.object.startswith("person:p-") or row.object not in names.sentence(row), row.object
    page = visit("auditor").get("/oversight/audit/").content.decode()
    assert city.people and rows
    for row in rows[-20:]:
        assert names.object(row).replace("@", "@<wbr>") in page or names.object(row) in page
    assert not re.search(r">(person|authorisation|duty|department):", page)
    stored = b"".join(visit("auditor").get("/oversight/audit/?format=csv").streaming_content).decode()
    assert rows[-1].act in stored and rows[-1].object in stored, "the file has act and object as they are stored"
