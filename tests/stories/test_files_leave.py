"""A file leaves for one of three recipients on a manager's word from a phone, for the others later on the deputy's: what comes out
at the other end is what was approved, and nothing before (issue 8, acceptance 2; P-22)."""

from __future__ import annotations

import email
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from civicmail.core.config.load import load
from civicmail.desk.holding.actions import publishing
from civicmail.desk.holding.models import Approval
from civicmail.front.worker import courier
from desk.holding.leaving import ACME, DOT, LENA, OWL, PDF, bureau
from neighbours.tools import Sink
from pages.conftest import browse as browse
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.test_looks import violations
from pages.world import carry
from stories.test_written import seen

pytestmark = [pytest.mark.neighbour("chromium", "smtp-sink"), pytest.mark.django_db(transaction=True)]


@contextmanager
def delivering(data: Path) -> Iterator[None]:
    """The courier works all the time."""
    stop = threading.Event()
    thread = threading.Thread(target=courier.run, args=(load(data), data, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def left(world: Sink, count: int) -> dict[str, list[str]]:
    """Recipient -> SHA-256 of the files that it got, once so many messages have left."""
    found: dict[str, list[str]] = {}
    for raw in world.wait_for(count, 60):
        message = email.message_from_bytes(raw)
        digests = [sha256(p.get_payload(decode=True)).hexdigest() for p in message.walk() if p.get_filename()]  # type: ignore[arg-type]
        for to in re.findall(rb"(?im)^X-Rcpt-Args: <([^>]+)>", raw):
            found[to.decode()] = digests
    return found


def says_yes(page: Page, row: Approval, *recipients: str) -> None:
    page.goto(f"{page.url.partition('/holding/')[0]}/holding/approvals/{row.pk}/")
    assert page.get_by_role("radio", checked=True).count() == 0, "nothing is chosen beforehand"
    for address in recipients:
        page.locator("label", has_text=address).click()  # the box itself is drawn beside what a finger hits
    page.locator("label", has_text="Yes: exactly these files").click()
    page.get_by_role("button", name="Record your answer").click()
    seen(page.get_by_text("Your answer is recorded, and the files are on their way."))


def test_one_of_three_by_the_manager_on_a_phone_and_two_by_the_deputy(
    browse: Callable[..., Any], installed: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-744, R-747, R-757. 320 px, without script; the parts that leave are those that were approved, byte for byte."""
    with Sink(keep=True) as world:
        monkeypatch.setenv("CIVICMAIL__COURIER__OUTBOUND", f"smtp://127.0.0.1:{world.port}")
        settings.CITY = load(installed)
        head: Page = browse("head", "/holding/approvals/", width=320, script=False)
        town = head.town  # type: ignore[attr-defined]
        with bureau(installed, town, on=False) as files, delivering(installed):
            publishing.written(files.desk.now)
            row = files.asked("crew0", LENA, ACME, DOT, OWL, files={"bid-14.pdf": PDF})
            carry(town.now)
            head.reload()
            seen(head.get_by_text(OWL))
            says_yes(head, row, DOT)
            assert left(world, 1) == {DOT: [row.parts[0][3]]} == {DOT: [sha256(PDF).hexdigest()]}
            deputy: Page = browse("deputy", f"/holding/approvals/{row.pk}/")
            seen(deputy.get_by_text("bid-14.pdf"))
            assert violations(deputy, "none") == []
            with deputy.expect_download() as got:
                deputy.get_by_role("button", name="Open file 1").click()
            assert Path(got.value.path()).read_bytes() == PDF
            says_yes(deputy, row, ACME, OWL)
            assert left(world, 2) == {to: [sha256(PDF).hexdigest()] for to in (DOT, ACME, OWL)}
            head.goto(head.url.partition("/holding/")[0] + f"/holding/approvals/{row.pk}/")
            seen(head.get_by_text("by Kim Boyd").first)
            assert head.evaluate("document.scrollingElement.scrollWidth") <= 320
