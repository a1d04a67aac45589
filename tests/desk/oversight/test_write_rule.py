"""A rule is written as a form or as its text, tried on a sample, and proposed in one act (P-29)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.models import Entry
from civicmail.desk.oversight import rule_form, rule_text
from civicmail.desk.oversight.models import Version
from desk.oversight.book import text
from desk.oversight.test_book_pages import words
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
NEW = "/policy/rules/new/"


def posted(go: str, **more: str) -> dict[str, Any]:
    return {
        "go": go, "id": "watch-offer", "clause": "P-25", "do": "mark", "reader": "Check with the sender before you act on it.",
        "mode": "shadow", "severity": "medium", "owner": "Security office", "expires": "2099-12-31",
        "why": "Three departments bought from such offers.", "joined": "all", "when-0-fact": "inbound", "when-0-operator": "yes",
        "when-1-fact": "files.count", "when-1-operator": "least", "when-1-value": "2", **more,
    }  # fmt: skip


@pytest.mark.rule("P-29", "The form of a rule writes its text and its examples, and proposes it in one act with its reason.")
def test_a_form_is_proposed_in_one_act(city: Town, visit: Visit) -> None:
    made = visit("author").post(NEW, posted("propose"))
    assert made["Location"] == "/policy/rules/watch-offer/1/"
    row = Version.objects.get(rule="watch-offer")
    rule = rule_text.read(row.text)
    assert (row.state, rule.when, rule.mark) == ("proposed", "inbound && (files.count >= 2)", "watch-offer")
    assert {example.fits for example in rule.examples} == {True, False}
    acts = Entry.objects.filter(object="rule:watch-offer").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["rule.draft", "rule.test", "rule.propose"]


def test_a_draft_that_cannot_be_proposed_is_not_saved_either(city: Town, visit: Visit) -> None:
    """One act, or none: what holds mail of employees has to tell them first."""
    wrong = posted("propose", do="hold", ask="the help desk", mode="enforce", **{"when-0-operator": "no"})
    refused = visit("author").post(NEW, wrong)
    assert refused.status_code == 422 and "use the mode notify" in words(refused)
    assert not Version.objects.filter(rule="watch-offer").exists()


def test_rows_come_and_go_by_buttons_without_script(city: Town, visit: Visit) -> None:
    author = visit("author")
    rows = author.post(NEW, posted("add-when")).context["rows"]
    assert [row.fact for row in rows.when] == ["inbound", "files.count", ""]
    assert [row.fact for row in author.post(NEW, posted("remove-when-0")).context["rows"].when] == ["files.count"]
    other = author.post(NEW, posted("test", **{"when-1-fact": "from.name"})).context["rows"]
    assert other.when[1].operator == "is", "a fact of another type is compared in its usual way"
    assert not Version.objects.filter(rule="watch-offer").exists()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            {"when-1-fact": "files.macros", "when-1-operator": "yes"},
            "Marks mail if it comes from outside and files.macros is true.",
        ),
        ({}, "Marks mail if it comes from outside and files.count is at least “2”."),
        ({"when-1-value": ""}, "Marks mail if it comes from outside and …"),
        ({"when-0-operator": "no", "joined": "any"}, "Marks mail if inbound is not true or files.count is at least “2”."),
    ],
)
def test_a_rule_reads_as_a_sentence(city: Town, visit: Visit, rows: dict[str, str], sentence: str) -> None:
    assert sentence in words(visit("author").post(NEW, posted("test", **rows)))


def test_a_sample_is_counted_without_saving_and_never_about_people(city: Town, visit: Visit) -> None:
    author = visit("author")
    part = author.post(NEW, posted("test"), headers={"HX-Request-Type": "partial"})
    assert part.context["sample"] is not None and "<main" not in part.content.decode()
    people = author.post(NEW, posted("test", **{"when-1-fact": "sender.address", "when-1-operator": "is"}))
    assert people.context["sample"] is None and "tried by a replay, which is recorded" in words(people)


def test_form_and_text_are_one_rule_and_what_rows_cannot_say_stays_text(city: Town, visit: Visit) -> None:
    author = visit("author")
    toml = author.post(NEW, posted("toml")).context["form"].initial["text"]
    back = author.post(NEW, {"go": "form", "text": toml, "changed": "", "after": 0}).context
    assert [row.fact for row in back["rows"].when] == ["inbound", "files.count"] and back["form"]["id"].value() == "watch-offer"
    nested = text(when="inbound && (files.active || files.macros)")
    shown = author.post(NEW, {"go": "form", "text": nested, "changed": "", "after": 0})
    assert "The form cannot show this rule." in words(shown) and shown.context["form"].initial["text"] == nested


def test_what_is_missing_stands_at_its_row(city: Town, visit: Visit) -> None:
    refused = visit("author").post(NEW, posted("save", **{"when-1-value": "many"}))
    assert refused.status_code == 422 and "Write a whole number." in words(refused)


def test_every_rule_of_the_starter_pack_goes_through_the_form_or_says_why_not() -> None:
    """What the form writes does the same, and keeps the examples."""
    for name, written in rule_text.starter().items():
        if name == rule_text.MATRIX or isinstance(form := rule_form.from_text(written), str):
            continue
        before, after = rule_text.read(written), rule_text.read(form.text())
        assert all(getattr(before, key) == getattr(after, key) for key in (*rule_form.KEYS, "ends")), name
        assert [(one.facts, one.fits) for one in after.examples] == [(one.facts, one.fits) for one in before.examples], name
