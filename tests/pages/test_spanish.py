"""An employee who reads Spanish reads Spanish: no sentence of the catalogue in English on any page of their own (28 CFR 35.160)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from civicmail.front.web.language import is_office
from front.web.programs.test_autoconfig import named
from pages.looks import looked_at
from pages.test_sweep import PAGES, allowed, path_of
from pages.world import Town
from tools import messages

__all__ = ["named"]
TAG = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL)
MINE = [name for name, page in PAGES.items() if page.get("get", True) and not is_office(page["path"])]
BESIDES = ("/accounts/login/", "/policy/text/", "/nowhere/", "/access/departments/")


@cache
def english() -> frozenset[str]:
    """What the catalogue says in English and another way in Spanish; single words and pairs may be names."""
    said = {str(m.id) for m in messages.read() if isinstance(m.id, str) and m.string != m.id and not messages.values(m.id)}
    return frozenset(text for text in said if text.count(" ") > 1 and "<" not in text)


CITYS = re.compile(r'<div class="cm-prose" lang="en">.*?</div>', re.DOTALL)
"""The text that the city has published, which is in the language that it was written in, and says so."""


def left_in_english(page: str) -> list[str]:
    seen = " ".join(html.unescape(TAG.sub(" ", CITYS.sub(" ", page))).split())
    return sorted(text for text in english() if text in seen and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", seen))


@pytest.mark.django_db
def test_no_page_of_an_employee_has_an_english_sentence_in_spanish(city: Town, visit: Callable[[str], Client]) -> None:
    """By the one who sees most of it; a refusal, a page that is not there and the pages before the sign-in, too."""
    found = {}
    for who in ("crew0", "head", "crew6", ""):
        client = visit(who)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
        paths = [path_of(PAGES[name], city) for name in MINE if who in allowed(PAGES[name])] + [*BESIDES]
        for path in paths:
            answer = client.get(path, follow=True)
            if is_office(answer.request["PATH_INFO"]) and answer.status_code == 200:
                continue
            text = b"".join(answer).decode(errors="replace")
            if '<main id="main"' not in text:  # a file, or a sender's page in its frame
                continue
            assert '<html lang="es">' in text, path
            if wrong := left_in_english(text):
                found[f"{who} {path}"] = wrong
    assert found == {}
    assert len(english()) > 300


@pytest.mark.neighbour("chromium")
@pytest.mark.django_db(transaction=True)
def test_the_longest_words_fit_a_phone(browse: Callable[..., Any], named: Any) -> None:
    """At 320 px no page of a head is wider in Spanish; those of setting up and the policy are for everybody (axe)."""
    shown = browse("head", "/", width=320)
    shown.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "es", "url": shown.url}])
    home = shown.url.rstrip("/")
    wide = {}
    for name in MINE:
        if "head" in allowed(PAGES[name]) and (path := path_of(PAGES[name], shown.town)):
            shown.goto(home + path)
            is_page = shown.locator("main").count()  # and not what one asks for while words are written
            if is_page and (width := shown.evaluate("document.scrollingElement.scrollWidth")) > 320:
                wide[path] = width
    assert wide == {}
    for path in ("/set-up/", "/set-up/phone/", "/policy/text/#p-22", "/my/devices/"):
        shown.goto(home + path)
        assert shown.evaluate("document.documentElement.lang") == "es"
        assert looked_at(shown) == [], path
