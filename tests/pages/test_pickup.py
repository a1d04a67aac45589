"""The pick-up portal in Chromium, as its reader meets it: asked, wrong, opened, answered, gone; for everybody (P-19, P3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.holding.actions import pickups
from civicmail.desk.holding.models import PickUp
from desk.holding.test_pickups import MAIL, SECRET, box
from pages.looks import looked_at
from pages.shots import shot

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


def test_a_reader_opens_answers_and_meets_the_end(browse: Callable[..., Any], installed: Path, settings: Any) -> None:
    token = "a-token-that-only-this-test-has"

    def begin(town: Any) -> str:
        box(installed, town, mail=MAIL)
        rules = replace(settings.CITY.secure)
        pickups.register_boxes(installed, "Sample City", "https://mail.city.example", rules, now=epoch_ms(town.now))
        PickUp.objects.update(token=pickups.token_digest(token), person=town.people["crew0"])
        return f"/pickup/{token}/"

    page = browse("", begin)
    assert looked_at(page) == []
    shot(page, "asked")
    page.get_by_label("Choose a passphrase").fill(SECRET)
    page.get_by_label("The same again").fill("another")
    page.get_by_role("button", name="Open the message").click()
    page.get_by_text("The two are not the same.").first.wait_for()
    assert looked_at(page) == []
    shot(page, "wrong")
    page.get_by_label("Choose a passphrase").fill(SECRET)
    page.get_by_label("The same again").fill(SECRET)
    page.keyboard.press("Enter")
    page.get_by_text("The number is 078-05-1120.").wait_for()
    assert looked_at(page) == []
    shot(page, "opened")
    with page.expect_download() as coming:
        page.get_by_role("link", name="file.pdf").click()
    assert Path(coming.value.path()).read_bytes() == b"%PDF-1.7 the whole file"
    page.get_by_label("Your answer").fill("Thank you.")
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("Your answer is on its way.").wait_for()
    PickUp.objects.update(state="revoked")
    page.goto(page.url)
    page.get_by_text("The sender withdrew it.").wait_for()
    assert looked_at(page) == []
    shot(page, "gone")


def test_the_sender_sees_it_and_sets_a_passphrase(browse: Callable[..., Any], installed: Path, settings: Any) -> None:

    def begin(town: Any) -> str:
        box(installed, town, mail=MAIL)
        pickups.register_boxes(installed, "Sample City", "https://mail.city.example", settings.CITY.secure, now=epoch_ms(town.now))
        PickUp.objects.update(person=town.people["crew0"])
        return "/mail/secure/"

    page = browse("crew0", begin)
    page.get_by_role("link", name="pat@out.example").wait_for()
    shot(page, "list")
    page.get_by_role("link", name="pat@out.example").click()
    assert looked_at(page) == []
    shot(page, "one")
    page.get_by_label("Passphrase").fill("three good words")
    page.get_by_role("button", name="Set the passphrase").click()
    page.get_by_text("The passphrase is set.").wait_for()
    assert PickUp.objects.get().by == "sender"
