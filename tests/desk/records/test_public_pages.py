"""A resident's way in Chromium, on a phone: request, receipt, status by code, a message; for everybody (WCAG 2.1 AA)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from civicmail.city.law import adopted, shipped
from pages.conftest import browse as browse
from pages.looks import looked_at

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("script", [True, False])
def test_r1_a_resident_asks_and_follows_on_a_phone(browse: Callable[..., Any], installed: Path, script: bool) -> None:
    page = browse("", "/public/records/request/", width=320, script=script)
    adopted.adopt(installed, shipped.text("wisconsin"), by="attorney", at=1_767_300_000_000, today=date.today())
    page.get_by_label("What records do you ask for?").fill("Mail about the harbor, since January.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Receipt")
    code = page.locator("p.cm-mono strong").inner_text()
    if script:
        assert looked_at(page) == []
    page.goto(page.url.replace("/request/", "/status/"))
    page.get_by_label("Receipt code").fill(code)
    page.get_by_role("button", name="Show status").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your request PR-")
    page.get_by_label("Your message").fill("Only the ones of March, please.")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("The records office has your message.")).to_be_visible()
    if script:
        assert looked_at(page) == []
