"""Somebody writes from a phone without script, and is answered at a desk with it: sent, taken back, sent again, delivered (issue 7,
acceptance 5; P-06)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.published_snapshot import mark_database_alive, publish
from civicmail.core.config.clock import now_ms
from civicmail.core.config.load import load
from civicmail.front.worker import processes
from civicmail.front.worker.tick import tick
from pages.conftest import browse as browse
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.looks import violations
from pages.world import carry

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
PATIENCE = 30_000
"""ms that a busy machine may take for a page, or to hand a message over."""


@pytest.fixture
def post_office(installed: Path) -> Iterator[Callable[[], None]]:
    """The courier works all the time; the other workers do a round when they are told to."""
    stop = threading.Event()
    thread = threading.Thread(target=processes.run, args=("courier", load(installed), installed, stop))

    def work() -> None:
        if not thread.is_alive():
            publish(installed, build_snapshot(1, now_ms(), tuple(settings.CITY.city.domains)))
            mark_database_alive(installed)
            thread.start()
        tick(load(installed), installed, lambda: None)

    yield work
    stop.set()
    if thread.is_alive():
        thread.join(60)


def test_a_message_is_written_attached_sent_undone_sent_again_delivered_and_answered(
    browse: Callable[..., Any], post_office: Callable[[], None], tmp_path: Path
) -> None:
    """At 320 px without script, and at a desk with it, all of it at each; axe finds nothing on either."""
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n")
    dana: Page = browse("crew0", "/mail/", width=320, script=False)
    post_office()
    dana.get_by_role("link", name="Write").click()
    dana.get_by_label("To", exact=True).fill("Lena Vogt")
    dana.get_by_label("Subject").fill("Closure of Elm Street")
    dana.get_by_role("textbox", name="Text", exact=True).fill("Dear Lena,\n\nwhere does the detour go?")
    dana.get_by_label("Add files").set_input_files(plan)
    dana.get_by_role("button", name="Attach").click()
    seen(dana.get_by_role("button", name="Remove plan.pdf"))
    dana.get_by_role("button", name="What will happen?").click()
    seen(dana.get_by_role("heading", name="Before sending"))
    seen(dana.locator("#check").get_by_text("Delivered"))
    _is_for_everybody(dana, script=False)
    dana.get_by_role("button", name="Send", exact=True).click()
    seen(dana.get_by_text("The message to Lena Vogt will be sent in").first)
    _is_for_everybody(dana, script=False)
    dana.get_by_role("button", name="Undo").first.click()
    seen(dana.get_by_text("It was not sent. Here it is again."))
    dana.get_by_role("textbox", name="Text", exact=True).fill("Dear Lena,\n\nwhere does the detour go, and until when?")
    dana.get_by_role("button", name="Send", exact=True).click()
    dana.get_by_role("button", name="Send now").first.click()
    post_office()
    carry(dana.town.now)  # type: ignore[attr-defined]  # the town of the fixture
    dana.goto(dana.url.partition("/mail/")[0] + "/mail/?direction=sent")
    dana.get_by_role("link", name="Closure of Elm Street").click()
    _until_delivered(dana)

    carry(dana.town.now)  # type: ignore[attr-defined]  # the ledger has what was entered, so mail may be shown
    lena: Page = browse("crew1", "/mail/")
    lena.get_by_role("link", name="Closure of Elm Street").click()
    seen(lena.locator("#pane").get_by_text("where does the detour go, and until when?"))
    lena.get_by_role("link", name="Reply", exact=True).click()
    seen(lena.get_by_role("button", name="Remove Dana Ortiz"))
    lena.get_by_role("textbox", name="Text", exact=True).press_sequentially("By Oak Street, until Friday.")
    seen(lena.locator("#kept").get_by_text("Saved Today"))
    assert not lena.evaluate("document.activeElement.matches('#check')"), "nobody is torn away from writing"
    lena.get_by_label("Add files").set_input_files(plan)
    seen(lena.get_by_role("button", name="Remove plan.pdf"))
    lena.get_by_role("button", name="Remove plan.pdf").click()
    expect(lena.get_by_role("button", name="Remove plan.pdf")).to_have_count(0, timeout=PATIENCE)
    lena.get_by_label("Add files").set_input_files(plan)
    seen(lena.get_by_role("button", name="Remove plan.pdf"))
    _is_for_everybody(lena)
    lena.get_by_role("button", name="Send", exact=True).click()
    lena.get_by_role("button", name="Undo").click()
    seen(lena.get_by_text("It was not sent. Here it is again."))
    seen(lena.get_by_role("button", name="Remove plan.pdf"))
    lena.get_by_role("button", name="Send", exact=True).click()
    lena.get_by_role("button", name="Send now").click()
    seen(lena.get_by_text("The message to Dana Ortiz will be sent at any moment."))
    post_office()
    expect(lena.locator("[data-going]")).to_be_empty(timeout=PATIENCE)
    _is_for_everybody(lena)

    post_office()
    carry(dana.town.now)  # type: ignore[attr-defined]  # the town of the fixture
    dana.goto(dana.url.partition("/mail/")[0] + "/mail/")
    dana.get_by_role("link", name="Re: Closure of Elm Street").click()
    seen(dana.get_by_text("By Oak Street, until Friday."))
    seen(dana.get_by_role("link", name="plan.pdf").first)


def seen(what: Locator) -> None:
    """It is on the page, or soon will be."""
    expect(what).to_be_visible(timeout=PATIENCE)


def _until_delivered(page: Page) -> None:
    """Without script: look again, as a person does."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.locator("#state").get_by_text("Delivered").count():
        assert time.monotonic() < end, page.locator("main").inner_text()
        page.reload()


def _is_for_everybody(page: Page, *, script: bool = True) -> None:
    """axe needs script: a page without it is looked at a second time, by the same person on the same screen."""
    size, home = page.viewport_size, page.url.partition("/mail/")[0]
    assert size is not None
    seen_by = page
    if not script:
        browser = page.context.browser
        assert browser is not None
        context = browser.new_context(viewport=size)
        for cookie in page.context.cookies():
            context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": home}])
        seen_by = context.new_page()
        seen_by.goto(page.url)
    assert seen_by.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
    assert violations(seen_by, "none") == []
    if not script:
        seen_by.context.close()
