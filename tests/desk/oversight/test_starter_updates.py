"""A later program brings rules that the book never had: they are shown, and nothing of them acts by itself (P-29)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.actions import publish_rules
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries import starter_updates
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
OWN = rule_text.starter()


def words(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def later(city: Town, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The book has the pack of an older program; this one has one rule more, and other words of another."""
    older = {id_: text for id_, text in OWN.items() if id_ != "macros"}
    older["executable"] = older["executable"].replace('severity = "high"', 'severity = "low"')
    Version.objects.all().delete()
    with monkeypatch.context() as before:
        before.setattr(rule_text, "starter", lambda: older)
        assert publish_rules.adopt(epoch_ms(city.now))
        assert starter_updates.offers() == []
    return older


@pytest.mark.rule("P-29", "Updates of the starter pack are shown with their differences, and none acts automatically.")
def test_what_a_later_program_brings_is_shown_and_does_not_act(city: Town, visit: Visit, later: dict[str, str]) -> None:
    """The difference, a draft of each for who writes rules, and nothing twice."""
    assert [(one.rule, one.known, one.before) for one in starter_updates.offers()] == [
        ("executable", True, later["executable"]),
        ("macros", False, ""),
    ]
    assert not publish_rules.adopt(epoch_ms(city.now)) and "macros" not in publish_rules.active_texts()
    author, second = visit("author"), visit("second")
    assert "2 rules of this version of the program are not in the book" in words(second.get("/policy/rules/"))
    page = words(second.get("/policy/offered/"))
    assert 'Removed: severity = "low"' in page and 'Added: severity = "high"' in page and "A new rule." in page
    assert "Take executable as a draft" not in page and "Take macros as a draft" in words(author.get("/policy/offered/"))
    form = author.get("/policy/rules/new/?offered=macros&toml").context["form"]
    assert form.initial["text"] == OWN["macros"] and form.initial["changed"]
    form = author.get("/policy/rules/executable/edit/?offered=executable&toml").context["form"]
    made = author.post("/policy/rules/executable/edit/", {name: form.initial[name] for name in ("text", "changed", "after")})
    assert made.status_code == 302 and made["Location"] == "/policy/rules/executable/2/"
    assert Version.objects.get(rule="executable", number=2).state == "draft"
    assert [one.rule for one in starter_updates.offers()] == ["macros"], "also if it is withdrawn"
    assert author.get("/policy/rules/new/?offered=executable&toml").context["form"].initial["text"].startswith("[[rule]]")
    assert "macros" not in publish_rules.active_texts()


def test_where_nothing_is_new_the_page_says_so(city: Town, visit: Visit) -> None:
    Version.objects.all().delete()
    assert starter_updates.offers() == [], "nothing was adopted yet"
    publish_rules.adopt(epoch_ms(city.now))
    assert "Nothing: every rule" in words(visit("second").get("/policy/offered/"))
    assert "not in the book" not in words(visit("second").get("/policy/rules/"))
