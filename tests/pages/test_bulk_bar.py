"""The bar for ticked rows stays in view on a long list, and covers nothing that has the focus (WCAG 2.2, 2.4.11). In Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from civicmail.city.identity.models import Authorization
from pages.world import Town, more

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.neighbour("chromium")]
LIST = "/dept/public-works/requests/?state=asked&sort=person"
COVERED = """() => {
    const {left, top, width, height} = document.activeElement.getBoundingClientRect()
    const on = document.elementFromPoint(left + width / 2, top + height / 2)
    return document.activeElement !== on && !document.activeElement.contains(on) && !on?.contains(document.activeElement)
        ? document.activeElement.outerHTML : ""
}"""


def fifty(town: Town) -> str:
    more(town, 80)
    Authorization.objects.filter(person__uid__startswith="p-more", state__in=["active", "suspended"]).update(state="asked")
    return LIST


@pytest.mark.rule("P-06", "The bar for ticked rows stays in view on a list of fifty, and never covers what has the focus.")
@pytest.mark.parametrize("width", [1280, 320])
def test_the_bar_stays_in_view_and_covers_no_focus(browse: Callable[..., Any], width: int) -> None:
    page = browse("head", fifty, width=width)
    boxes = page.locator("tbody input[name=row]")
    assert boxes.count() == 50 and not page.locator(".cm-bulk").is_visible()
    boxes.first.check()
    button = page.get_by_role("button", name="Approve…")
    assert button.bounding_box()["y"] < 800, "in view although the list goes on below"
    boxes.first.focus()
    covered = []
    for key in ("Tab", "Shift+Tab"):
        for _ in range(100):
            page.keyboard.press(key)
            covered += [html] if (html := page.evaluate(COVERED)) else []
    assert covered == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
