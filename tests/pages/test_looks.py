"""Every page in a real Chromium: WCAG 2.1 AA by axe at 1280 and 320 px and in forced colors, no sideways scroll, one h1, a title
of its own, and a console that says nothing about the content security policy (P3; ADA title II, 28 CFR 35.200)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_playwright_axe
from playwright.sync_api import expect

from pages.test_sweep import PAGES, allowed, path_of

SOURCE = (Path(pytest_playwright_axe.__file__).parent / "resources/axe.min.js").read_text("utf-8")
RULES: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "iframes": False,  # nothing runs in those that we have, so axe would only knock
}
LOOKS = ((1280, "none"), (320, "none"), (1280, "active"))
CONTRAST: dict[str, Any] = {
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "resultTypes": ["violations"],
    "iframes": False,
}
"""All that a scheme changes."""
SHOWN = {name: page for name, page in PAGES.items() if page.get("get", True) and page.get("looks", True)}
BESIDES = {
    "sign-in": "/accounts/login/", "nowhere": "/nowhere/", "refused": "/access/", "policy": "/policy/text/",
    "complaint": "/complaints/new/", "public-records": "/public/records/", "public-records-request": "/public/records/request/",
    "public-records-status": "/public/records/status/", "public-reading-room": "/public/records/released/",
}  # fmt: skip
"""Pages that are not in the list, and what everybody may meet."""

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


class Tab:
    """What `browse` asks of a window, in one tab for all pages here: it keeps style, script and fonts, as a reader's does."""

    def __init__(self, context: Any) -> None:
        self._context, self._page = context, context.new_page()

    def emptied(self) -> Tab:
        """Nobody is signed in."""
        self._context.clear_cookies()
        return self

    def add_cookies(self, cookies: list[Any]) -> None:
        self._context.add_cookies(cookies)

    def new_page(self) -> Any:
        self._page.set_viewport_size({"width": 1280, "height": 800})
        self._page.emulate_media(forced_colors="none")
        return self._page


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Tab]:
    context = browser.new_context()
    yield Tab(context)
    context.close()


@pytest.fixture
def new_context(tab: Tab, new_context: Callable[..., Any]) -> Callable[..., Any]:
    """The tab; a window of its own for who has no script."""
    return lambda **wanted: tab.emptied() if wanted["java_script_enabled"] else new_context(**wanted)


def violations(page: Any, forced: str) -> list[str]:
    """What axe finds. Under forced colors it mixes the colors of author and system, so contrast is looked at by eye there."""
    return _asked(page, {**RULES, "rules": {"color-contrast": {"enabled": forced == "none"}}})


def _asked(page: Any, rules: dict[str, Any]) -> list[str]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"(() => {{{SOURCE}}})()")
    ask = (
        "async o => (await axe.run(document, o)).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))"
    )
    found: list[str] = page.evaluate(ask, rules)
    return found


def looked_at(page: Any) -> list[str]:
    wrong = []
    for width, forced in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(forced_colors=forced)
        wrong += [f"{width} {forced}: {v}" for v in violations(page, forced)]
        if (wide := page.evaluate("document.scrollingElement.scrollWidth")) > width:
            wrong.append(f"{width}: {wide} px wide")
    return wrong + unreadable_in_the_dark(page)


def unreadable_in_the_dark(page: Any) -> list[str]:
    """What has too little contrast at 320 px, on a device that prefers dark pages."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.emulate_media(color_scheme="dark", forced_colors="none")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    wrong = [f"dark: {v}" for v in _asked(page, CONTRAST)]
    page.emulate_media(color_scheme="light")
    return wrong


def visitor(page: dict[str, Any]) -> str:
    """The person to whom the page shows most."""
    may = allowed(page)
    return next((who for who in ("head", "office", "examiner") if who in may), min(may))


@pytest.mark.parametrize("name", list(SHOWN))
def test_a_page_is_for_everybody(browse: Callable[..., Any], name: str) -> None:
    """P3: 0 violations, nothing to scroll sideways, one h1 that the title begins with."""
    page = SHOWN[name]
    shown = browse(visitor(page), lambda town: path_of(page, town))
    headings = shown.locator("h1").all_inner_texts()
    assert len(headings) == 1
    assert re.sub(r"^\d+ % · ", "", shown.title()).startswith(headings[0]), "long work has its percentage before it"
    assert looked_at(shown) == []


@pytest.mark.parametrize("name", list(BESIDES))
def test_what_is_no_page_of_the_list_is_for_everybody_too(browse: Callable[..., Any], name: str) -> None:
    shown = browse("" if name == "sign-in" else "crew0", BESIDES[name])
    assert len(shown.locator("h1").all_inner_texts()) == 1
    assert looked_at(shown) == []


def test_a_form_with_mistakes_is_for_everybody_and_takes_the_focus(browse: Callable[..., Any]) -> None:
    """The summary has the focus, links to the fields, and the title says that there is an error."""
    shown = browse("head", "/dept/public-works/personal-use/")
    shown.get_by_role("button", name="Allow this").click()
    expect(shown).to_have_title(re.compile("^Error: "))  # a click waits for the answer's first bytes, not for its head
    assert shown.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "problem"
    shown.get_by_role("link", name=re.compile("For whom: This field is required")).first.click()
    assert shown.evaluate("document.activeElement.name") == "whom"
    assert looked_at(shown) == []


def test_the_menu_opens_and_closes_on_a_phone_without_script(browse: Callable[..., Any]) -> None:
    shown = browse("head", "/my/access/", width=320, script=False)
    assert not shown.get_by_role("link", name="Personal use").is_visible()
    shown.get_by_role("button", name="Menu", exact=True).click()
    assert shown.get_by_role("link", name="Personal use").is_visible()
    shown.keyboard.press("Escape")
    assert not shown.get_by_role("link", name="Personal use").is_visible()
