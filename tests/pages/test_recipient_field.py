"""The address fields of the write page in a browser: completion, tokens, pasted lists, and what is still being typed (P-06)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from civicmail.desk.mailbox.models import Draft
from pages.looks import violations

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
LENA = "Lena Vogt <lena.vogt@city.example>"


@pytest.fixture(params=[1280, 320])
def page(browse: Callable[..., Any], request: pytest.FixtureRequest) -> Page:
    opened: Page = browse("crew0", "/mail/write/", width=request.param)
    return opened


def to(page: Page) -> str:
    """What the form would send."""
    return page.locator("[name=to]").input_value()


def fitting(page: Page) -> Locator:
    """Who fits what is typed."""
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


@pytest.mark.rule("P-06", "Recipients are chosen by keyboard from those who fit, and each one can be taken out again.")
def test_recipients_are_chosen_and_taken_out_by_keyboard(page: Page) -> None:
    box = page.get_by_role("combobox", name="To")
    box.press_sequentially("lena")
    option = fitting(page).first
    expect(option).to_have_text("Lena Vogt lena.vogt@city.example Street Inspector, Public Works")
    expect(page.locator("#live")).to_have_text("1 fits.")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert violations(page, "none") == []
    box.press("Enter")
    expect(page.get_by_role("button", name="Remove Lena Vogt")).to_be_visible()
    box.press_sequentially("ann@paving.example, ")
    assert to(page) == f"{LENA}, ann@paving.example"
    assert violations(page, "none") == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    box.press("Backspace")
    assert box.input_value() == "ann@paving.example", "the last one can be corrected"
    box.fill("")
    page.get_by_role("button", name="Remove Lena Vogt").press("Enter")
    assert to(page) == ""
    assert page.evaluate("document.activeElement.id") == "id_to"


def test_what_is_still_being_typed_is_saved_and_sent(page: Page) -> None:
    box = page.get_by_role("combobox", name="To")
    box.press_sequentially("lena")
    fitting(page).first.click()
    box.press_sequentially("ann@paving.exa")
    expect(page.locator("#kept")).to_contain_text("Saved Today", timeout=30_000)
    assert Draft.objects.filter(person__display="Dana Ortiz").latest("changed").to == f"{LENA}, ann@paving.exa"
    box.press_sequentially("mple")
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("button", name="Remove ann@paving.example")).to_be_visible()
    assert Draft.objects.filter(person__display="Dana Ortiz").latest("changed").to == f"{LENA}, ann@paving.example"


def test_a_pasted_list_becomes_tokens_and_a_bad_address_is_marked_in_words(page: Page) -> None:
    pasted = 'Dana Ortiz; "Hale, Rosa" <rosa.hale@city.example>\nann@@paving, bob@paving.example, Somebody Else'
    page.get_by_role("combobox", name="To").evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", text);
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        pasted,
    )
    names = ["Dana Ortiz", "Hale, Rosa", "ann@@paving", "bob@paving.example", "Somebody Else"]
    for name in names:
        expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    expect(page.get_by_role("button", name="ann@@paving not an address")).to_be_visible()
    expect(page.get_by_role("button", name="Somebody Else not one person: choose")).to_be_visible()
    resolved = re.compile("^Dana Ortiz <dana.ortiz@city.example>, ")  # a whole name that one person has is that person
    expect(page.locator("[name=to]")).to_have_value(resolved)
    page.get_by_role("button", name="ann@@paving not an address").click()
    box = page.get_by_role("combobox", name="To")
    assert box.input_value() == "ann@@paving"
    box.fill("ann@paving.example")
    box.press("Enter")
    assert "ann@@paving" not in to(page) and "ann@paving.example" in to(page)
    assert violations(page, "none") == []


def test_names_that_several_have_are_asked_about_on_the_page(page: Page) -> None:
    box = page.get_by_role("combobox", name="To")
    box.fill("Street")
    box.press("Escape")
    page.get_by_label("Subject").fill("Elm Street")
    page.get_by_role("button", name="Send", exact=True).click()
    question = page.get_by_role("group", name="Who is “Street”?")
    question.get_by_text("streets@city.example").click()
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("button", name="Remove Streets and Closures")).to_be_visible()
