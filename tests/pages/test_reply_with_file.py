"""Answer a message with a file that needs an approval, played in Chromium; clicks are counted (docs/use/pages.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.core.config.clock import now_ms
from civicmail.desk.holding.actions import publish_approvals
from civicmail.desk.mailbox.models import Outgoing
from pages.shots import shot
from pages.test_looks import looked_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.neighbour("chromium")]
PLAN = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"
NOTE = "Recipients outside the city get these files after approval. Approver: Rosa Hale."


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.pdf"
    path.write_bytes(PLAN)
    return path


@pytest.fixture
def mail(browse: Callable[..., Any], installed: Path, settings: Any) -> Callable[..., Page]:
    """My mail of somebody whose department approves files; what the gateways read is published."""
    settings.CITY = replace(settings.CITY, screening=replace(settings.CITY.screening, checks=["files"]))

    def opened(**how: Any) -> Page:
        page: Page = browse("crew0", "/mail/", **how)
        now = now_ms()
        publish(installed, build_snapshot(now, now, tuple(settings.CITY.city.domains)))
        publish_approvals.publish_standing(now)
        Outgoing.objects.all().delete()
        return page

    return opened


@pytest.mark.rule(
    "P-06, P-22", "An answer with a file that waits for approval takes four clicks; the page names the approver before."
)
def test_an_answer_with_a_file_that_waits_for_approval_takes_four_clicks(mail: Callable[..., Page], plan: Path) -> None:
    page, clicks = mail(), 0
    delivered = page.town.objects["mail delivered"]  # type: ignore[attr-defined]  # the town of the fixture
    page.locator(f"#list a[href*='{delivered}']").first.click()
    clicks += 1
    page.get_by_role("link", name="Reply", exact=True).first.click()
    clicks += 1
    page.get_by_role("textbox", name="Text", exact=True).fill("Here is the plan.")
    page.get_by_label("Add files").set_input_files(plan)
    clicks += 1
    expect(page.locator("#kept")).to_contain_text(NOTE)
    expect(page.locator("#kept")).to_contain_text("The approver sees the files, their names and the subject")
    shot(page, "reply-with-file")
    assert looked_at(page) == []
    page.get_by_role("button", name="Send", exact=True).click()
    clicks += 1
    expect(page.get_by_text("will be sent in").first).to_be_visible()
    assert page.url.partition("?")[0].endswith("/mail/")
    assert (clicks, Outgoing.objects.count()) == (4, 1)


def test_without_script_who_attached_nothing_before_is_shown_it_first(mail: Callable[..., Page], plan: Path) -> None:
    """A file that goes up with Send itself: the page names the approver only then, so it asks."""
    page = mail(script=False, width=320)
    page.goto(page.url.partition("/mail/")[0] + "/mail/write/?to=ann@paving.example")
    page.get_by_role("textbox", name="Text", exact=True).fill("Here is the plan.")
    page.get_by_label("Add files").set_input_files(plan)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#check")).to_contain_text("Waiting for approval")
    expect(page.locator("#kept")).to_contain_text(NOTE)
    assert not Outgoing.objects.exists()
    page.get_by_role("button", name="Send and ask for approval").click()
    assert Outgoing.objects.count() == 1


def test_files_for_colleagues_need_no_approver(mail: Callable[..., Page], plan: Path) -> None:
    page = mail()
    page.goto(page.url.partition("/mail/")[0] + "/mail/write/?to=lena.vogt@city.example")
    page.get_by_label("Add files").set_input_files(plan)
    expect(page.get_by_role("button", name="Remove plan.pdf")).to_be_visible()
    assert "approval" not in page.locator("#kept").inner_text()
