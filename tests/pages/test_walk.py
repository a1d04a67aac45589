"""The main tasks by keyboard alone, and with script switched off (WCAG 2.1.1, 2.4.3, 2.4.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]

NAME = "e => e.getAttribute('aria-label') || (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText) || e.name"


RING = "e => e.labels && e.labels[0] ? getComputedStyle(e.labels[0], '::before').outlineWidth : '0px'"
"""Of a box that is drawn on its label."""


def focused(page: Any) -> str:
    return str(page.evaluate(f"({NAME})(document.activeElement)")).strip()


def tab_to(page: Any, name: str, most: int = 60) -> None:
    """Press Tab until this has the focus, which is seen: an outline of at least two pixels."""
    walked = []
    for _ in range(most):
        page.keyboard.press("Tab")
        walked.append(focused(page))
        seen = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        label = page.evaluate(f"({RING})(document.activeElement)")
        assert max(float(seen[:-2]), float(label[:-2])) >= 2, f"the focus on {walked[-1]!r} is not seen"
        if walked[-1].startswith(name):
            return
    raise AssertionError(f"{name!r} was not reached: {walked}")


def test_the_first_stop_leads_past_the_menu(browse: Callable[..., Any]) -> None:
    page = browse("head", "/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "Answer requests for access"


def test_a_request_is_decided_by_keyboard(browse: Callable[..., Any]) -> None:
    """From home to the decision and back, without a pointer."""
    page = browse("head", "/")
    tab_to(page, "Answer requests")
    page.keyboard.press("Enter")
    page.wait_for_url("**/access/requests/*/")
    tab_to(page, "Approve access")
    page.keyboard.press("Enter")
    page.wait_for_url("**/invite/")
    assert "Access for Jo Ray was approved." in page.locator("[role=status]").first.inner_text()


def test_a_mistake_moves_the_focus_to_what_is_wrong(browse: Callable[..., Any]) -> None:
    page = browse("super", "/access/requests/new/?person=p-crew6")
    page.fill("[name=duties]", "")
    tab_to(page, "Send for approval")
    page.keyboard.press("Enter")
    page.get_by_text("There is a problem").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "problem"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "duties"


def test_access_is_ended_by_keyboard(browse: Callable[..., Any]) -> None:
    page = browse("head", "/dept/public-works/people/p-crew0/")
    tab_to(page, "End access")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leavers/new/**")
    tab_to(page, "Now:")
    page.keyboard.press("Space")
    tab_to(page, "Reason")
    page.keyboard.type("She moves to another city at the end of the month.")
    tab_to(page, "End access of 1 person")
    page.keyboard.press("Enter")
    page.wait_for_url("**/access/endings/*/")
    assert "Done" in page.inner_text("main")


def test_filters_narrow_the_list_in_place_and_the_address_says_the_same(browse: Callable[..., Any]) -> None:
    """With script only the region of the list is swapped; a reload and Back show what the address says."""
    page = browse("head", "/dept/public-works/people/")
    page.evaluate("window.same = 'yes'")
    page.get_by_label("Words").fill("inspector")
    page.get_by_label("Words").press("Enter")
    page.wait_for_url("**?*q=inspector*")
    page.locator(".cm-cover").get_by_text("of 14").wait_for()
    assert page.evaluate("window.same") == "yes", "the page was not loaded anew"
    names = page.locator("tbody th").all_inner_texts()
    page.locator("#live").get_by_text("of 14 people").wait_for(state="attached")
    page.reload()
    assert page.locator("tbody th").all_inner_texts() == names
    page.get_by_role("link", name="Remove Words: inspector").click()
    page.locator(".cm-cover").get_by_text("14 people").wait_for()


def test_without_script_filters_sorting_and_the_menu_work(browse: Callable[..., Any]) -> None:
    page = browse("head", "/dept/public-works/people/", script=False)
    page.get_by_label("Words").fill("inspector")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**?q=inspector**")
    few = page.locator("tbody tr").count()
    assert 0 < few < 14
    page.get_by_role("link", name="Name").click()
    page.wait_for_url("**sort=-name**")
    assert page.locator("th[aria-sort=descending]").count() == 1
    assert page.locator("tbody tr").count() == few
    page.get_by_role("link", name="Remove Words: inspector").click()
    assert page.locator("tbody tr").count() == 14
    page.get_by_text("More filters").click()
    assert page.get_by_label("Ends within").is_visible()


def test_a_doubled_submit_is_one(browse: Callable[..., Any]) -> None:
    from civicmail.city.guard.models import Entry

    page = browse("head", "/dept/public-works/personal-use/")
    page.get_by_label("For whom?").select_option("all")
    page.get_by_label("Within which limits?").fill("Ten minutes a day, in breaks only.")
    page.get_by_label("Until which day?").fill("2027-03-01")
    page.evaluate("() => { const f = document.querySelector('main form'); f.requestSubmit(); f.requestSubmit(); }")
    page.get_by_text("Personal use was allowed as written.").wait_for()
    assert Entry.objects.filter(act="personal-use.allow").count() == 1
