"""What every answer says to the browser (OWASP ASVS 3.3, 3.4, 14.3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pages.world import Town

Visit = Callable[[str], Client]


def _https(settings: Any) -> None:
    import dataclasses

    settings.CITY = dataclasses.replace(settings.CITY, web=dataclasses.replace(settings.CITY.web, https=True))


@pytest.mark.rule(
    "P-07",
    "Every answer has headers that restrict the browser: HTTPS, its content type, no content of other sites, no frame.",
)
def test_every_answer_tells_the_browser_what_it_may_do_with_it(city: Town, visit: Visit, settings: Any) -> None:
    """Pages, parts, files, refusals, what is not there, what programs ask."""
    _https(settings)
    seen = {}
    for who, path in (
        ("crew0", "/"), ("crew0", "/access/"), ("", "/accounts/login/"), ("", "/nowhere/"), ("", "/healthz"), ("", "/api/v1/me"),
        ("", "/scim/v2/Users"), ("", "/static/cm/cm.css"), ("", "/static/cm/favicon.svg"), ("", "/a%00b"),
    ):  # fmt: skip
        answer = visit(who).get(path)
        h = answer.headers
        seen[path] = answer.status_code
        if answer.streaming:
            b"".join(answer)  # a file is closed when it was read
        assert h["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path
        assert h["X-Content-Type-Options"] == "nosniff" and h["Referrer-Policy"] == "same-origin", path
        assert h["Cross-Origin-Resource-Policy"] == "same-origin" and "Access-Control-Allow-Origin" not in h, path
        policy = h["Content-Security-Policy"]
        for part in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "form-action 'self'"):
            assert part in policy, (path, policy)
        assert "unsafe" not in policy and h["Content-Type"].partition(";")[0] != "", path
        if h["Content-Type"].startswith("text/"):
            assert "charset=utf-8" in h["Content-Type"].lower().replace('"', ""), path
    assert seen["/static/cm/cm.css"] == 200 and seen["/nowhere/"] == 404 and seen["/a%00b"] == 400, seen


@pytest.mark.rule("P-07", "A browser stores no page of a signed-in person.")
def test_a_browser_keeps_nothing_of_what_a_person_saw(city: Town, visit: Visit) -> None:
    """Every page of somebody who is signed in; with the sign-out also what scripts have kept."""
    client = visit("head")
    for path in ("/", "/my/access/", "/dept/public-works/people/", "/nowhere/"):
        assert "no-store" in client.get(path).headers["Cache-Control"], path
    assert client.post(reverse("account_logout")).headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.rule("P-07", "Cookies are for this host alone, over HTTPS, and for no script, where pages are reached by HTTPS.")
def test_cookies_are_for_this_host_over_https_and_for_no_script(data: Path) -> None:
    """All of them, where the pages are reached by HTTPS; the names say so to the browser (RFC 6265bis)."""
    code = (
        "import json; from django.conf import settings as s; "
        "print(json.dumps([[s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, "
        "s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN], [s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE, s.CSRF_COOKIE_HTTPONLY, "
        "s.CSRF_COOKIE_SAMESITE, s.CSRF_COOKIE_PATH, s.CSRF_COOKIE_DOMAIN], [s.LANGUAGE_COOKIE_NAME, s.LANGUAGE_COOKIE_SECURE, "
        "s.LANGUAGE_COOKIE_HTTPONLY, s.LANGUAGE_COOKIE_SAMESITE, s.LANGUAGE_COOKIE_PATH, s.LANGUAGE_COOKIE_DOMAIN]]))"
    )
    env = {**os.environ, "CIVICMAIL_DATA": str(data), "CIVICMAIL__WEB__HTTPS": "true"}
    env |= {"DJANGO_SETTINGS_MODULE": "civicmail.front.web.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    cookies = json.loads(done.stdout)
    assert [c[0] for c in cookies] == ["__Host-sessionid", "__Host-csrftoken", "__Host-language"]
    assert all(c[1:] == [True, True, "Lax", "/", None] for c in cookies), cookies


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG"])
def test_no_method_repeats_what_was_sent(city: Town, visit: Visit, method: str) -> None:
    answer = visit("crew0").generic(method, "/", b"canary", HTTP_X_CANARY="canary")
    assert answer.status_code == 405 and b"canary" not in answer.content


@pytest.mark.parametrize("path", ["/static/", "/static/cm/", "/static/vendor/", "/.git/config", "/.well-known/", "/civicmail.toml"])
def test_no_folder_is_listed_and_nothing_beside_the_files_of_pages_is_there(city: Town, visit: Visit, path: str) -> None:
    assert visit("").get(path).status_code in (302, 404) and b"Index of" not in visit("").get(path).content


def test_every_page_of_somebody_has_the_way_out(city: Town, visit: Visit) -> None:
    for path in ("/", "/my/access/", "/my/sign-in/", "/dept/public-works/people/", "/nowhere/", "/access/"):
        page = visit("head").get(path).content.decode()
        assert f'action="{reverse("account_logout")}"' in page and "Sign out" in page, path
