"""Pages about who sent something, in Chromium, for people with an account and without one, at both widths (P-25, P-27, P3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.notices import signed_links
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.desk.holding.models import Containment
from desk.holding.test_containment import attacked
from desk.holding.test_sender_verification import LENA, asked_link, came
from pages.cases import index
from pages.looks import looked_at
from pages.shots import shot

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


def test_a_resident_asks_and_whoever_is_asked_answers(browse: Callable[..., Any], installed: Path) -> None:
    """By links, without an account."""

    def begin(town: Any) -> str:
        now = epoch_ms(town.now)
        publish(installed, build_snapshot(now, now, tuple(configured.CITY.city.domains)))
        capture = came(installed, now - 60_000, '"Lena Vogt" <lena.vogt@evil.example>')
        index(installed, now)
        return f"/verify/{signed_links.make(installed, 'verify', capture.id, 0, now + DAY_MS)}/"

    page = browse("", begin)
    assert looked_at(page) == []
    shot(page, "verify")
    page.get_by_role("button", name="Ask them").click()
    page.get_by_text("They were asked.").first.wait_for()
    assert looked_at(page) == []
    origin = page.url.split("/verify/")[0]
    page.goto(f"{origin}{asked_link(LENA)}")
    assert looked_at(page) == []
    shot(page, "verified")
    page.get_by_text("No, it is not from me").click()
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("Thank you: this is answered.").first.wait_for()
    assert looked_at(page) == []
    page.goto(f"{origin}/really/")
    assert looked_at(page) == []
    shot(page, "really")
    page.get_by_label("The message, or its number").fill("From: Mayor <mayor@city.example>\n\nPay this today.\n")
    page.get_by_role("button", name="Look").click()
    page.get_by_text("No proof that it is from the city.").wait_for()
    assert looked_at(page) == []
    shot(page, "really-told")


def test_a_security_officer_locks_and_releases(browse: Callable[..., Any], installed: Path) -> None:
    """P-25, promise 1."""

    def begin(town: Any) -> str:
        row, _, _ = attacked(town, installed)
        return f"/holding/contained/{row.pk}/"

    page = browse("security", begin)
    assert looked_at(page) == []
    shot(page, "contained")
    page.get_by_role("button", name="Lock account").click()
    page.get_by_text("Every door is locked").first.wait_for()
    assert looked_at(page) == []
    shot(page, "locked")
    page.get_by_label("Why is it their owner's again?").fill("Spoke to her at her desk.")
    page.get_by_role("button", name="Release 1 account").click()
    page.get_by_text("What was decided").wait_for()
    assert looked_at(page) == [] and Containment.objects.filter(state="released").count() == 1
    shot(page, "released")
