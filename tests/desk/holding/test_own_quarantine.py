"""Home tells a reader what of their mail waits for their own word (P-02, P-25)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.policy.active_rules import active_or_starter
from desk.holding.test_quarantine import quarantined, words
from pages.world import Town

pytestmark = pytest.mark.django_db
ASKS = "Say whether you want mail that is kept back"


@pytest.mark.rule(
    "P-02, P-25",
    "Mail that waits for its reader's own decision is a task on Home: possible spam, and files of new senders; others are not.",
)
def test_mail_that_waits_for_its_reader_is_a_task_of_theirs_alone(
    city: Town, installed: Path, visit: Callable[[str], Client]
) -> None:
    now = epoch_ms(city.now)
    before = visit("crew0").get("/")
    assert ASKS not in words(before)
    quarantined(installed, now - 3000)
    quarantined(installed, now - 2000, rule="executable")
    page = visit("crew0").get("/")
    assert "1 waits for you. It may be spam" in words(page) and "See what of your mail is held" not in words(page)
    held = [sum(each.task.count for each in shown.context["tasks"] if each.task.route == "my-mail") for shown in (before, page)]
    assert held[1] == held[0] + 2, "one list has them all"
    assert ASKS not in words(visit("crew1").get("/"))


@pytest.mark.rule(
    "P-25, promise 7",
    "The page of a held message shows the words of the rule, and links to its release or the request.",
)
@pytest.mark.parametrize(("rule", "do"), [("first-file", "hold"), ("executable", "quarantine"), ("spam-band", "quarantine")])
def test_the_page_of_what_is_kept_back_says_why_and_leads_on(
    city: Town, installed: Path, visit: Callable[[str], Client], rule: str, do: str
) -> None:
    """The rule's own words with their clause, and where it is let go or asked for; nothing of its text."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000, rule=rule, do=do)
    shown = visit("crew0").get(f"/mail/{capture.uuid}/")
    reader = active_or_starter(installed).rule(rule)
    assert reader is not None and (reader.reader or reader.why)[:40] in words(shown) and reader.clause in words(shown)
    assert f'href="/mail/{capture.uuid}/release/"' in shown.content.decode()
    assert "Ask the access office if you need it soon" not in words(shown)
