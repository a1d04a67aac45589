"""Work screens and letters as keys in a real Chromium (templates/work.html, keys.js; WCAG 2.1.1, 2.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from civicmail.city.guard.models import Account
from pages.looks import looked_at
from pages.shots import shot

pytestmark = [
    pytest.mark.neighbour("chromium"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("pages.workpage"),
]


def with_keys(browse: Callable[..., Any], path: str, **window: Any) -> Any:
    """The page for somebody who switched keys on."""
    shown = browse("crew0", path, **window)
    Account.objects.filter(person=shown.town.people["crew0"]).update(letter_keys=True)
    shown.reload()
    return shown


@pytest.mark.parametrize("path", ["/panes/", "/panes/redact/"])
def test_a_work_screen_is_for_everybody(browse: Callable[..., Any], path: str) -> None:
    shown = with_keys(browse, path)
    assert looked_at(shown) == []
    shown.emulate_media(forced_colors="none")
    shot(shown, f"work{path.replace('/', '-')}")


def test_panes_scroll_by_themselves_from_1024_px_and_stack_below(browse: Callable[..., Any]) -> None:
    shown = browse("crew0", "/panes/", script=False)
    tall = "() => document.scrollingElement.scrollHeight"
    pane = shown.get_by_role("article")
    assert shown.evaluate(tall) <= 800
    assert pane.evaluate("pane => pane.scrollHeight > pane.clientHeight")
    assert shown.get_by_text("Keys are off.", exact=True).is_visible()
    shown.set_viewport_size({"width": 320, "height": 800})
    assert shown.evaluate(tall) > 1000
    assert pane.evaluate("pane => pane.scrollHeight <= pane.clientHeight")
    assert shown.get_by_role("button", name="Release", exact=True).is_visible()


def test_a_letter_presses_its_control_and_nothing_while_one_types(browse: Callable[..., Any]) -> None:
    shown = with_keys(browse, "/panes/")
    shown.keyboard.press("j")
    shown.wait_for_url("**/panes/?item=4")
    shown.keyboard.press("k")
    shown.wait_for_url("**/panes/?item=3")
    shown.keyboard.press("r")
    expect(shown.locator(".cm-undo")).to_contain_text("release")
    shown.keyboard.press("z")
    expect(shown.locator(".cm-undo")).to_contain_text("undo")
    shown.get_by_label("Note").press_sequentially("redact")
    assert shown.get_by_label("Note").input_value() == "redact"
    assert "redact" not in shown.url
    shown.get_by_label("Note").blur()
    shown.keyboard.press("Control+e")
    assert "redact" not in shown.url
    shown.keyboard.press("e")
    shown.wait_for_url("**/panes/?redact=1")


def test_a_question_mark_opens_the_list_of_keys_and_the_foot_has_them(browse: Callable[..., Any]) -> None:
    shown = with_keys(browse, "/panes/")
    foot = shown.locator(".cm-keys > ul")
    assert foot.locator("li").all_inner_texts() == [
        "J Next message", "K Previous message", "R Release", "E Redact…", "L Same as last: release", "/ search", "Z Undo",
    ]  # fmt: skip
    assert shown.get_by_role("button", name="Release", exact=True).get_attribute("aria-keyshortcuts") == "R"
    shown.keyboard.press("?")
    listed = shown.get_by_role("dialog", name="Keys of this page")
    expect(listed).to_be_visible()
    expect(listed).to_contain_text("Release")
    shown.keyboard.press("Escape")
    expect(listed).to_be_hidden()


def test_keys_are_off_until_they_are_switched_on_and_that_is_remembered(browse: Callable[..., Any]) -> None:
    shown = browse("crew0", "/panes/")
    shown.keyboard.press("j")
    assert shown.url.endswith("/panes/")
    shown.get_by_role("button", name="Switch keys on").click()
    shown.get_by_role("button", name="Switch keys off").wait_for()
    shown.wait_for_load_state()  # before it a key finds no script
    shown.keyboard.press("j")
    shown.wait_for_url("**/panes/?item=4")
    shown.get_by_role("button", name="Switch keys off").click()
    shown.get_by_text("Keys are off.", exact=True).wait_for()
    shown.keyboard.press("j")
    assert shown.url.endswith("/panes/?item=4")
