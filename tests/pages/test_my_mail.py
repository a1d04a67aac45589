"""My mail with mail in it, in a real Chromium: a list, an invitation, letters as keys (P-06; WCAG 2.1.4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from civicmail.city.directory.models import Person
from civicmail.desk.mailbox.models import Outgoing
from civicmail.mail.archive.records import uuid_text
from desk.mailbox.post import Post
from desk.mailbox.post import letter as plain
from desk.viewer.test_invitations import calendar
from desk.viewer.test_invitations import letter as invitation
from pages.looks import looked_at

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
    shown.get_by_text("1 message is in Archive now.").wait_for(timeout=30_000)
    assert shown.locator("tbody th a").all_inner_texts() == [before[0], *before[2:]]


def test_a_message_opens_beside_its_list_and_keys_read_on(browse: Callable[..., Any], installed: Path) -> None:
    """From 1280 px on without a new page; narrower the link leads to the page of the message."""
    shown = browse("crew0", "/mail/labels/")
    arrives(installed, shown.town)
    shown.get_by_role("button", name="Switch keys on").click()
    shown.set_viewport_size({"width": 1280, "height": 800})
    shown.goto(f"{shown.url.partition('/mail/')[0]}/mail/")
    assert {row.bounding_box()["height"] for row in shown.locator("[data-row]").all()} == {36}
    assert not shown.get_by_role("button", name="Mark unread").is_visible()
    shown.locator("tbody th a").first.click()
    shown.locator("#pane h1, #pane h2").first.wait_for(timeout=30_000)
    assert shown.url.endswith("/mail/") and shown.locator("#pane").get_by_text("Invitation").first.is_visible()
    shown.keyboard.press("j")
    shown.locator("#pane").get_by_text("Offer 2").first.wait_for(timeout=30_000)
    assert shown.locator("[data-row][aria-current] th").inner_text().startswith("Offer 2")
    assert shown.locator("tr.cm-new[aria-current]").count() == 0 < shown.locator("tr.cm-new").count()
    shown.set_viewport_size({"width": 320, "height": 640})
    assert shown.locator("[data-row]").first.bounding_box()["y"] < 640 / 3
    shown.locator("tbody th a").first.click()
    shown.wait_for_url("**/mail/*-*/")


def test_words_without_a_place_to_break_widen_no_page(browse: Callable[..., Any], installed: Path) -> None:
    """One subject of 300 letters, from anybody, and the states of a whole list were out of sight."""
    shown = browse("crew0", "/mail/labels/")
    post, long = Post(installed, shown.town), f"{'l' * 60}@{'d' * 60}.{'e' * 60}.example"
    with ThreadPoolExecutor(1) as threads:
        written = plain(sender=f"{'N' * 120} <{long}>", to=DANA, subject="W" * 300)
        id_ = uuid_text(threads.submit(post.arrive, written, DANA, sender=long).result())
        threads.submit(post.index).result()
    home = shown.url.partition("/mail/")[0]
    for path in ("", f"{id_}/", f"{id_}/thread/", f"{id_}/verify/", f"{id_}/delivery/"):
        shown.goto(f"{home}/mail/{path}")
        for width in (1280, 900, 320):
            shown.set_viewport_size({"width": width, "height": 800})
            over = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, (path, width, over)


def test_a_note_counts_down_and_says_what_happened(browse: Callable[..., Any], installed: Path) -> None:
    """On the list and on its own page; a message that was taken back is not said to be sent."""
    shown = browse("crew0", "/mail/drafts/")

    now = timezone.now()
    row = Outgoing.objects.create(
        uid=uuid.uuid4(), person=Person.objects.get(uid=shown.town.people["crew0"].uid), mailbox=DANA, recipients=[STREETS],
        content=b"", made=now, due=now + timedelta(minutes=5), since=now,
    )  # fmt: skip
    home = shown.url.partition("/mail/")[0]
    for path in ("/mail/", f"/mail/outgoing/{row.uid}/"):
        shown.goto(f"{home}{path}")
        note = shown.locator("[data-going]").get_by_text("The message to Streets and Closures will be sent in")
        before = note.inner_text()
        expect(note).not_to_have_text(before, timeout=30_000)
        assert looked_at(shown) == [], path
    Outgoing.objects.update(state="undone")
    shown.get_by_text("Nobody gets it.").wait_for(timeout=30_000)
    assert shown.locator("[data-going] button").count() == 0
