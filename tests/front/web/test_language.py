"""Pages in the language of who reads them (28 CFR 35.160; WCAG 2.1, 3.1.1): chosen by a form, else what the browser asks for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from pages.world import Town

pytestmark = pytest.mark.django_db

LANG = re.compile(rb'<html lang="(\w+)">')


def lang(response: object) -> str:
    found = LANG.search(response.content)  # type: ignore[attr-defined]
    assert found
    return found[1].decode()


@pytest.mark.rule("P-18", "Before a choice a page is in the browser's language, if it is supported, and caches are told so.")
def test_before_a_choice_a_page_is_in_what_the_browser_asks_for(city: Town) -> None:
    """The first language of the browser that we have; English where we have none. What may be kept varies by it."""
    client = Client()
    for asked, expected in (("es-MX,en;q=0.5", "es"), ("en-US,es;q=0.9", "en"), ("fr,es;q=0.2", "es"), ("hmn", "en"), ("", "en")):
        answer = client.get("/accounts/login/", headers={"accept-language": asked})
        assert (lang(answer), answer.headers["Content-Language"]) == (expected, expected), asked
        assert {"Accept-Language", "Cookie"} <= set(re.split(r",\s*", answer.headers["Vary"]))


@pytest.mark.rule(
    "P-18",
    "The language is chosen by a form without script, is remembered, keeps the page, and redirects nowhere else.",
)
def test_a_choice_stays_and_keeps_the_page(city: Town, visit: Callable[[str], Client]) -> None:
    """By a form that names itself in its own language, without script, on every page; it leads nowhere else."""
    client = visit("crew0")
    page = client.get("/my/access/?a=b")
    assert b'name="language" value="es" lang="es">Espa\xc3\xb1ol</button>' in page.content
    assert b'name="next" value="/my/access/?a=b"' in page.content
    chosen = client.post("/language/", {"language": "es", "next": "/my/access/?a=b"})
    assert (chosen.status_code, chosen.headers["Location"]) == (302, "/my/access/?a=b")
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME]["httponly"]
    assert lang(client.get("/my/access/", headers={"accept-language": "en"})) == "es"
    assert b">English</button>" in client.get("/my/access/").content
    away = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert away.headers["Location"] == "/"
    assert client.get("/language/").status_code == 405


@pytest.mark.rule("P-18, promise 7", "A rule's refusal is in the language of the page.")
def test_what_a_rule_says_no_with_is_said_in_the_language_of_the_page(city: Town, visit: Callable[[str], Client]) -> None:
    """Sentences are made in English below, with what stands in them, and looked up where they are shown."""
    client = visit("crew0")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    page = client.get("/access/duties/").content.decode()
    assert "Esto requiere la función oficial de acceso." in page
    assert "la oficina de acceso" in page and '<a class="cm-keep" href="/policy/text/#p-16">P-16</a>' in page
    assert "Su acceso al correo está suspendido desde el " in visit_in_spanish(visit, "crew4", "/my/access/")


def visit_in_spanish(visit: Callable[[str], Client], who: str, path: str) -> str:
    client = visit(who)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    return client.get(path).content.decode()


@pytest.mark.rule(
    "P-22, P-25",
    "Untranslated pages do not claim a translation: desks of officers and managers are in English, the state of one's own "
    "files in one's own language.",
)
@pytest.mark.parametrize(
    ("who", "path", "wanted"),
    [
        ("security", "/holding/quarantine/", "en"),
        ("security", "/incidents/", "en"),
        ("head", "/holding/approvals/", "en"),
        ("crew0", "/holding/approvals/mine/", "es"),
        ("crew0", "/holding/approvals/{approval}/", "es"),
        ("crew0", "/mail/secure/", "es"),
    ],
)
def test_what_is_not_translated_does_not_say_that_it_is(
    city: Town, visit: Callable[[str], Client], who: str, path: str, wanted: str
) -> None:
    """WCAG 3.1.1: desks of officers and managers are in English; what became of one's own files is not."""
    client = visit(who)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    answer = client.get(path.format(approval=city.objects["approval"]))
    assert (answer.status_code, lang(answer), answer.headers["Content-Language"]) == (200, wanted, wanted)


@pytest.mark.rule("P-18", "Pages of offices are marked as English; a refusal there is in the language of the person.")
def test_pages_of_offices_are_in_english_and_say_so_but_a_refusal_is_in_the_language_of_the_person(
    city: Town, visit: Callable[[str], Client]
) -> None:
    """WCAG 3.1.1: `lang` is what the page is in; nobody is told no in a language that they did not choose."""
    client = visit("office")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    page = client.get("/access/departments/")
    assert lang(page) == "en" and b"<h1>" in page.content and b'value="es"' not in page.content
    refused = visit("crew0")
    refused.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    answer = refused.get("/access/")
    assert (answer.status_code, lang(answer), answer.headers["Content-Language"]) == (403, "es", "es")
