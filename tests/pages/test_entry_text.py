"""The audit log says people and departments by name, and no number where a name is (P-16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.entry_links import EntryLinks
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


@pytest.mark.rule(
    "P-16", "The audit log leads to the page of each thing that was acted on, for whoever may open that page and for nobody else."
)
@pytest.mark.django_db
def test_entries_lead_to_what_they_are_about_where_the_reader_may_open_it(city: Town, visit: Callable[..., Any]) -> None:
    rows = [
        entry("sign-in", "person:p-crew0"),
        entry("person.add", "person:p-gone"),
        entry("mailbox.make", "mailbox:streets@city.example"),
        entry("rule.approve", "rule:disk-images"),
        entry("feed.run", f"feed:{city.objects['feed']}"),
        entry("violation.report", f"violation:{city.objects['violation']}"),
        entry("policy.publish", "policy:seven"),
        entry("mail.send", "capture:019ab0c4-7d2e-7a41-9c55-1f6a0e4b7d21"),
    ]

    def links(who: str) -> list[str]:
        at = epoch_ms(city.now) + 1000
        of = EntryLinks.of(rows, actor_of(city.people[who].account, "", at), at)
        return [of.url(row) for row in rows]

    person, mailbox = "/dept/public-works/people/p-crew0/", "/access/mailboxes/streets@city.example/"
    rule, feed = "/policy/rules/disk-images/", f"/access/feeds/{city.objects['feed']}/"
    violation = f"/dept/public-works/violations/{city.objects['violation']}/"
    assert links("auditor") == [person, "", mailbox, rule, "", violation, "", ""]
    assert links("office") == [person, "", mailbox, "", feed, violation, "", ""]
    assert set(links("crew0")) == {""}
    made = Entry.objects.filter(object="person:p-crew0").last()
    assert made is not None
    for path in ("/oversight/audit/", f"/oversight/audit/{made.pk}/"):
        assert f'href="{person}"' in visit("auditor").get(path).content.decode()


@pytest.mark.rule("P-16", "Each line of a timeline leads to its entry for a reader of the audit log, and is text for others.")
@pytest.mark.django_db
def test_lines_of_a_timeline_lead_to_their_entries(city: Town, visit: Callable[..., Any]) -> None:
    box = Mailbox.objects.get(address="streets@city.example")
    with transaction.atomic():
        enter("mailbox.make", actor=Actor("p-office", "", client=""), reason="", now=epoch_ms(city.now), object=f"mailbox:{box}")
    pk = Entry.objects.order_by("-id")[0].pk
    page = f"/access/mailboxes/{box.address}/"
    assert f'href="/oversight/audit/{pk}/"' in visit("auditor").get(page).content.decode()
    said = visit("head").get(page).content.decode()
    assert "<strong>Made</strong>" in said and "/oversight/audit/" not in said
