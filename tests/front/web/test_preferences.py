"""How pages look for a person: language, colors, density, time zone, keys (WCAG 2.1, 1.4.3, 2.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.models import Account
from civicmail.front.web.shell import DARK_MEDIA
from pages.world import Town

type Visit = Callable[[str], Client]
type Browse = Callable[..., Any]
PLAIN = {"language": "en", "scheme": "device", "density": "compact", "zone": "city"}

pytestmark = pytest.mark.django_db


def page(client: Client, path: str = "/my/access/") -> str:
    return client.get(path).content.decode()


def save(client: Client, **changed: str) -> str:
    return client.post("/my/preferences/", PLAIN | changed, follow=True).content.decode()


@pytest.mark.rule(
    "P-06", "The color scheme is the device's until a person chooses one, for the account; paper and forced colors stay."
)
def test_colors_are_the_devices_until_somebody_chooses(city: Town, visit: Visit) -> None:
    dana = visit("crew0")
    of_the_device = 'dark.css" media="screen and (forced-colors: none) and (prefers-color-scheme: dark)"'
    assert of_the_device in page(dana) and of_the_device in page(Client(), "/accounts/login/")
    assert "Your preferences are saved." in save(dana, scheme="dark")
    assert 'dark.css" media="screen and (forced-colors: none)"' in page(dana)
    assert of_the_device in page(visit("crew1"))
    save(dana, scheme="light")
    assert "dark.css" not in page(dana)
    assert "dark.css" not in page(visit("crew0"))  # on another computer
    assert dana.post("/my/preferences/", PLAIN | {"scheme": "pink"}).status_code == 422
    assert DARK_MEDIA.keys() == {"device", "light", "dark"}


def test_that_they_are_saved_is_said_in_the_language_that_was_chosen(city: Town, visit: Visit) -> None:
    dana = visit("crew0")
    assert "Sus preferencias están guardadas." in save(dana, language="es")
    assert "Your preferences are saved." in save(dana, language="en")


def test_density_and_keys_hold_on_every_page(city: Town, visit: Visit) -> None:
    dana = visit("crew0")
    assert "data-density" not in page(dana) and "data-keys" not in page(dana)
    save(dana, density="roomy", letter_keys="on")
    assert '<html lang="en" data-density="roomy">' in page(dana) and "data-keys" in page(dana)
    save(dana)
    assert "data-density" not in page(dana) and "data-keys" not in page(dana)


@pytest.mark.rule("P-18", "A language that a person chose holds for the account, on each computer.")
def test_a_language_holds_for_the_account(city: Town, visit: Visit) -> None:
    """By the page or by the button in the head; pages of offices stay in English."""
    assert 'lang="es"' in save(visit("crew0"), language="es") and save(visit("head"), language="es")
    answer = visit("crew0").get("/my/access/", headers={"accept-language": "en"})
    assert '<html lang="es">' in answer.content.decode() and answer.headers["Content-Language"] == "es"
    assert '<html lang="en">' in page(visit("head"), "/holding/approvals/")
    visit("crew0").post("/language/", {"language": "en", "next": "/"})
    assert '<html lang="en">' in page(visit("crew0"))
    assert Account.objects.get(person__uid="p-crew0").language == "en"


@pytest.mark.rule("P-06", "A time zone changes the times of day that a person reads, for that person alone; days stay the city's.")
def test_a_time_zone_changes_the_times_of_day_that_one_reads(city: Town, visit: Visit) -> None:
    dana = visit("crew0")
    assert "HST" not in page(dana, "/mail/")
    save(dana, zone="Pacific/Honolulu")
    after = page(dana, "/mail/")
    assert after.count("cm-when") == after.count(' HST"') > 0
    assert "Times of day are in Hawaii Time." in after
    others = page(visit("crew1"), "/mail/")
    assert "HST" not in others and "Times of day" not in others


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_a_page_is_dark_where_the_person_or_the_device_wants_it(browse: Browse) -> None:
    """And never on paper, nor under forced colors."""
    shown = browse("crew0", "/my/preferences/")

    def ground() -> str:
        return str(shown.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ground() == "rgb(255, 255, 255)"
    shown.emulate_media(color_scheme="dark")
    assert ground() == "rgb(21, 24, 27)"
    shown.emulate_media(color_scheme="dark", media="print")
    assert ground() == "rgb(255, 255, 255)"
    shown.emulate_media(color_scheme="light", media="screen")
    shown.get_by_text("Dark", exact=True).click()
    shown.get_by_role("button", name="Save preferences").click()
    shown.get_by_text("Your preferences are saved.").wait_for()
    assert ground() == "rgb(21, 24, 27)"
