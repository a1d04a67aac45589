"""The head and the menu of every page: the search box and its scope, groups that fold, the person's own pages behind the name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from civicmail.front.web import menu
from civicmail.front.web.menu import MOST_UNFOLDED, Group, Item
from pages.looks import looked_at
from pages.world import Town

Visit = Callable[[str], Client]


def scopes(client: Client, path: str) -> list[str]:
    """Where the search box of this page may look, in its order."""
    box = re.search(r'<form class="cm-find".*?</form>', client.get(path).content.decode(), re.DOTALL)
    return re.findall(r'(?:<option[^>]*|<span class="cm-scope")>([^<]*)', box[0]) if box else []


@pytest.mark.rule("P-15", "The search box of a page offers only what the person may search.")
@pytest.mark.django_db
def test_the_search_box_offers_what_somebody_may_search(city: Town, visit: Visit) -> None:
    assert scopes(visit("crew0"), "/") == ["My mail"]
    assert scopes(visit("head"), "/") == ["My mail", "People"]
    assert scopes(visit("recorder"), f"/mandates/{city.objects['case']}/search/") == ["This examination", "My mail"]
    assert scopes(visit("crew6"), "/") == []
    assert scopes(visit(""), "/accounts/login/") == []


@pytest.mark.django_db
def test_the_search_box_leads_to_the_list_that_it_names(visit: Visit) -> None:
    client = visit("crew0")
    assert client.get("/search/", {"in": "/mail/", "q": "budget & more"}).headers["Location"] == "/mail/?q=budget+%26+more"
    for nowhere in ("", "//elsewhere.example/", "https://elsewhere.example/", "/nowhere/"):
        assert client.get("/search/", {"in": nowhere, "q": "budget"}).status_code == 404, nowhere


def test_a_long_menu_unfolds_what_is_current_or_waits() -> None:
    def group(name: str, entries: int, **first: Any) -> Group:
        return Group(name, [Item(name, f"/{name}/", **first), *(Item(str(n), f"/{name}/{n}/") for n in range(1, entries))])

    short = menu._folded([group("mine", 4), group("office", MOST_UNFOLDED - 4)], [])
    assert [g.is_open for g in short.groups] == [True, True]
    long = [group("mine", 4), group("office", 15), group("rules", 10, count=2), group("system", 9, current=True)]
    assert [g.is_open for g in menu._folded(long, []).groups] == [True, False, True, True]


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1280, 320])
def test_ones_own_pages_are_behind_the_name_without_script(browse: Callable[..., Any], width: int) -> None:
    shown = browse("office", "/", width=width, script=False)
    own = shown.get_by_role("link", name="My devices", exact=True)
    assert not own.is_visible()
    shown.get_by_role("button", name="Maya Lund").click()
    assert own.is_visible() and shown.get_by_role("button", name="Sign out").is_visible()
    assert shown.get_by_role("link", name=re.compile("Access officer until")).first.is_visible()
    shown.keyboard.press("Escape")
    assert not own.is_visible()
    shown.get_by_role("button", name="Maya Lund").click()
    own.click()
    expect(shown).to_have_title(re.compile("^My devices"))


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_menus_that_are_open_are_for_everybody(browse: Callable[..., Any]) -> None:
    shown = browse("office", "/")
    shown.get_by_role("button", name="Maya Lund").click()
    assert looked_at(shown) == []


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_a_group_of_the_menu_folds_by_keyboard_without_script(browse: Callable[..., Any]) -> None:
    shown = browse("office", "/", script=False)
    link = shown.get_by_role("link", name="Agencies")
    assert link.is_visible()
    shown.locator("summary", has_text="Access office").focus()
    shown.keyboard.press("Enter")
    assert not link.is_visible()


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_j_and_k_move_in_every_list(browse: Callable[..., Any]) -> None:
    shown = browse("head", "/my/preferences/")
    shown.get_by_text("Letters are keys").click()
    shown.get_by_role("button", name="Save preferences").click()
    shown.get_by_text("Your preferences are saved").wait_for()
    shown.goto(shown.url.replace("/my/preferences/", "/dept/public-works/people/"))
    names = shown.locator("tbody th a").all_inner_texts()
    for key, name in (("j", names[0]), ("j", names[1]), ("k", names[0])):
        shown.keyboard.press(key)
        assert shown.evaluate("document.activeElement.innerText") == name
    shown.keyboard.press("/")
    assert shown.evaluate("document.activeElement.name") == "q"
