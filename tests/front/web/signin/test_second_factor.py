"""Nobody works here by one factor alone (P-07; SP 800-63B, AAL2)."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from city.identity.signins import account
from civicmail.city.guard.models import Account, Entry, Failure
from civicmail.core.config.log import set_up
from civicmail.core.config.settings import Log
from civicmail.front.web.signin import second_factor
from civicmail.front.web.urls import urlpatterns

PASSWORD = "correct horse battery staple"
SECOND = "/accounts/2fa/second/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _in() -> Client:
    browser = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")
    browser.post(reverse("account_login"), {"login": "ines", "password": PASSWORD})
    return browser


@pytest.mark.rule("P-07", "A person who signed in by a password alone sets up a second factor before anything else.")
def test_whoever_has_a_password_alone_sets_up_something_else_first() -> None:
    """Nothing of anybody's mail opens before; pages of the sign-in do, and everything when it is there."""
    ines, browser = account(password=PASSWORD), _in()
    for path in ("/", "/my/access/", "/my/devices/add/", "/duties/", "/my/tokens/add/"):
        assert browser.get(path).get("Location", "") == SECOND, path
    part = browser.get("/", HTTP_HX_REQUEST="true")
    assert part.status_code == 204 and part["HX-Redirect"] == SECOND
    page = browser.get(SECOND).content.decode()
    assert reverse("mfa_add_webauthn") in page and reverse("mfa_activate_totp") in page and "Sign out" in page
    assert browser.get(reverse("mfa_activate_totp")).status_code == 200
    Authenticator.objects.create(user=ines, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}})
    assert browser.get("/").status_code == 200


def test_a_city_may_leave_it_at_passwords(settings: Any) -> None:
    settings.CITY = dataclasses.replace(settings.CITY, signin=dataclasses.replace(settings.CITY.signin, second_factor=False))
    account(password=PASSWORD)
    assert _in().get("/").status_code == 200


def test_every_page_that_is_open_before_is_one_of_the_sign_in() -> None:
    """Pages whose names are gone, and new ones, are noticed here."""
    named = {p.name: str(p.pattern) for p in _patterns(urlpatterns) if p.name in second_factor.OPEN}
    assert named.keys() == second_factor.OPEN
    assert all(path.startswith(("accounts/", "my/sign-in/", "language/")) for path in named.values()), named


def _patterns(some: Any) -> list[Any]:
    found = []
    for p in some:
        if hasattr(p, "url_patterns") and not p.namespace:
            found += _patterns(p.url_patterns)
        elif hasattr(p, "name"):
            found.append(p)
    return found


@pytest.mark.parametrize(
    ("said", "more"),
    [
        (["pwd"], False), (["pwd", "mfa"], True), ("mfa", True), (None, False), ([], False), ([["mfa"]], False), (["PWD"], False),
        ("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", False),
        ("urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken", True), ("https://refeds.org/profile/mfa", True),
    ],
)  # fmt: skip
def test_what_a_provider_says_is_more_than_a_password_where_the_standards_say_so(said: object, more: bool) -> None:
    """RFC 8176; what nobody knows is a password."""
    assert second_factor.is_multifactor(said) is more


def test_no_account_comes_with_the_program() -> None:
    """A new installation has nobody."""
    assert not Account.objects.exists() and not Authenticator.objects.exists()


def test_each_sign_in_that_works_or_not_is_recorded_with_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry with its factors for one that works; a row and a line for one that does not; a line for the sign-out."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    set_up(Log(level="info", format="json"), "web")
    account(password=PASSWORD)
    browser = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")
    browser.post(reverse("account_login"), {"login": "ines", "password": "wrong"})
    browser.post(reverse("account_login"), {"login": "nobody", "password": PASSWORD})
    browser.post(reverse("account_login"), {"login": "ines", "password": PASSWORD})
    browser.post(reverse("account_logout"))
    entry = Entry.objects.get(act="sign-in")
    assert entry.facts == {"how": ["password"]} and entry.object == "person:e-17"
    assert list(Failure.objects.order_by("pk").values_list("door", "client")) == [("web", "192.0.2.7")] * 2
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    events = [r["event"] for r in lines if r["event"] != "page"]
    assert events == ["a sign-in failed", "a sign-in failed", "a sign-out"]
    assert PASSWORD not in said.getvalue() and "nobody" not in said.getvalue()
