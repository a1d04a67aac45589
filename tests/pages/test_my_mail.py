"""My mail with mail in it, in a real Chromium: a list, an invitation, letters as keys (P-06; WCAG 2.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from civicmail.mail.archive.records import uuid_text
from desk.mailbox.post import Post
from desk.mailbox.post import letter as plain
from desk.viewer.test_invitations import calendar
from desk.viewer.test_invitations import letter as invitation
from pages.test_looks import looked_at

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
DANA, STREETS = "dana.ortiz@city.example", "streets@city.example"


def arrives(installed: Path, town: Any) -> str:
    """Three messages and an invitation; its id. In a thread of its own, because Playwright keeps an event loop in this one."""
    post = Post(installed, town)

    def arrive() -> bytes:
        for n in range(3):
            post.arrive(plain(sender="acme@paving.example", to=STREETS, subject=f"Offer {n}"), STREETS)
        id_ = post.arrive(b"Subject: Invitation\r\nMessage-ID: <i1@acme.example>\r\n" + invitation(calendar()), DANA)
        post.index()
        return id_

    with ThreadPoolExecutor(1) as threads:
        return uuid_text(threads.submit(arrive).result())


def test_my_mail_is_for_everybody_and_can_be_sorted_by_keys(browse: Callable[..., Any], installed: Path) -> None:
    """List, message with an invitation and mailboxes; then J, X and E where keys are switched on."""
    shown = browse("crew0", "/mail/labels/")
    id_ = arrives(installed, shown.town)
    shown.get_by_role("button", name="Switch keys on").click()
    home = shown.url.partition("/mail/")[0]
    for path in ("/mail/boxes/", f"/mail/{id_}/", "/mail/"):
        shown.goto(f"{home}{path}")
        assert looked_at(shown) == [], path
    shown.set_viewport_size({"width": 1280, "height": 800})
    shown.emulate_media(forced_colors="none")
    before = shown.locator("tbody th a").all_inner_texts()
    assert before[:2] == ["Invitation", "Offer 2"]
    for key in ("j", "j", "x"):
        shown.keyboard.press(key)
    assert shown.get_by_text("1 chosen").is_visible()
    shown.keyboard.press("e")
    shown.get_by_text("1 message is hidden from your lists.").wait_for(timeout=30_000)
    assert shown.locator("tbody th a").all_inner_texts() == [before[0], *before[2:]]
