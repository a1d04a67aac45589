"""A reviewer answers fifty rows by keyboard, with letters switched on, and an officer sees the breaker trip, in a real Chromium
(P-05, R2, R3, R11; WCAG 2.1.1, 2.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from civicmail.city.conduct.actions import enforcement, non_response, review_schedule, review_start
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account
from pages.test_walk import focused, tab_to
from pages.world import Town

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
EXCEPTIONS, BY_LETTER = 3, 5


def fifty(t: Town, *, never: int = EXCEPTIONS, begun: timedelta = timedelta(seconds=1)) -> Review:
    """A review in which the head of the fire department has fifty rows, some of them never used, and that began so long ago."""
    for n in range(50 - ReviewRow.objects.filter(review=t.objects["review"], part__reviewer=t.people["chief"]).count()):
        key = f"fire{n}"
        t.person(key, "Fire", f"Fighter{n:02}", "fire", "Firefighter")
        t.authorize(key)
        t.accept(key)
    Account.objects.update(last_login=timezone.now())
    late = [t.people[f"fire{n}"] for n in range(never)]
    Account.objects.filter(person__in=late).update(last_login=None)
    made = Review.objects.create(key="everyone:fifty", tier="everyone", planned=t.now.date(), by="tick")
    return review_start.begin(made, actor=review_schedule.TICK, now=epoch_ms(timezone.now() - begun))


def test_fifty_rows_are_answered_by_keyboard(browse: Callable[..., Any]) -> None:
    """Issue 7: exceptions with their reason, some rows by a letter, the rest together; nothing needs a pointer."""
    page = browse("chief", "/policy/text/")
    review = fifty(page.town)
    rows = ReviewRow.objects.filter(review=review, part__reviewer=page.town.people["chief"])
    assert rows.count() == 50
    page.goto(page.url.split("/policy/")[0] + f"/dept/fire/reviews/{review.pk}/")
    page.keyboard.press("y")
    assert rows.filter(state="open").count() == 50, "letters are off until they are switched on"
    tab_to(page, "Switch keys on")
    page.keyboard.press("Enter")
    page.get_by_text("Letter keys are on").wait_for()
    page.keyboard.press("j")
    for n in range(EXCEPTIONS):
        with page.expect_navigation(url="**/keep/**"):
            page.keyboard.press("y")
        tab_to(page, "Why is it needed still?")
        page.keyboard.type(f"Was on parental leave, is back on shift {n + 1}.")
        tab_to(page, "Keep access of Fire Fighter")
        with page.expect_navigation(url=f"**/reviews/{review.pk}/**"):
            page.keyboard.press("Enter")
    assert rows.filter(state="pending").count() == EXCEPTIONS
    for _ in range(BY_LETTER):
        page.wait_for_function("document.activeElement.hasAttribute('data-row')")
        with page.expect_navigation(url=f"**/reviews/{review.pk}/**"):
            page.keyboard.press("y")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.hasAttribute('data-row')"), focused(page)
    tab_back = 50 - EXCEPTIONS - BY_LETTER
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if focused(page).startswith(f"Keep all {tab_back}"):
            break
    assert focused(page).startswith(f"Keep all {tab_back}"), "it is reached from the rows, backwards"
    page.keyboard.press("Enter")
    page.get_by_text("of which nothing was out of order").wait_for()
    assert rows.filter(state="pending").count() == 50 and "all 50 answered" in page.locator("h1").inner_text()


def test_the_breaker_is_seen_tripping_and_an_officer_applies_it_in_batches(browse: Callable[..., Any]) -> None:
    """R11: nobody has answered about eight of fifty who never used their mail, so nobody is suspended, and the page says so;
    then a tenth of the department at a time, by keyboard."""
    page = browse("office", "/policy/text/")
    review = fifty(page.town, never=8, begun=timedelta(days=15, hours=1))
    non_response.end_due(epoch_ms(timezone.now()))
    rows = ReviewRow.objects.filter(review=review, department__code="fire")
    assert (rows.filter(state="stopped").count(), rows.filter(state="suspending").count()) == (8, 0)
    page.goto(page.url.split("/policy/")[0] + f"/access/campaigns/{review.pk}/")
    page.get_by_text("Fire Department: the breaker holds back 8.").wait_for()
    page.get_by_role("link", name="Apply it in batches, or leave it").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Fire Department: 8 held back").wait_for()
    tab_to(page, "Suspend a tenth")
    page.keyboard.press("Space")
    tab_to(page, "Why?")
    page.keyboard.type("The captain has looked at the list with me this morning.")
    tab_to(page, "Answer for them")
    with page.expect_navigation(url=f"**/campaigns/{review.pk}/"):
        page.keyboard.press("Enter")
    tenth = rows.filter(state="suspending").count()
    assert 1 <= tenth <= 6 and rows.filter(state="stopped").count() == 8 - tenth
    page.get_by_text(f"Fire Department: the breaker holds back {8 - tenth}.").wait_for()
    enforcement.carry_out_due(epoch_ms(timezone.now()))
    assert rows.filter(state="suspended").count() == tenth
