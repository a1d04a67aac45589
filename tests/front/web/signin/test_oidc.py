"""An OpenID provider that lies, or somebody between it and us: nobody gets in (P-07; OpenID Connect Core 3.1.3.7, RFC 9700)."""

from __future__ import annotations

import dataclasses
import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from city.identity.signins import OFFICER, account, person
from civicmail.city.guard.models import AccountNews, Entry, Identity
from civicmail.city.identity.actions import signin
from civicmail.city.identity.queries.signin import locked_or_waiting
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Oidc
from civicmail.front.web.signin import step_up
from civicmail.front.web.signin.providers import providers
from neighbours.openid import OpenId

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[OpenId, OpenId]]:
    with OpenId() as city, OpenId() as school:
        yield city, school


@pytest.fixture
def city(installed: Path, settings: Any, running: tuple[OpenId, OpenId]) -> OpenId:
    """The city's provider; beside it a school's, which is configured, too."""
    for one in running:
        one.claims, one.wrong, one.asked = {}, {}, []
    named = [Oidc(id=n, name=n.title(), issuer=p.issuer) for n, p in zip(("city", "school"), running, strict=True)]
    wanted = dataclasses.replace(settings.CITY.signin, oidc=named)
    settings.CITY = dataclasses.replace(settings.CITY, signin=wanted)
    settings.SOCIALACCOUNT_PROVIDERS = providers(wanted)
    return running[0]


@pytest.fixture
def school(city: OpenId, running: tuple[OpenId, OpenId]) -> OpenId:
    return running[1]


def _browser() -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def _asked(browser: Client, which: str = "city", query: str = "") -> dict[str, str]:
    page = browser.post(reverse("openid_connect_login", args=[which]) + query)
    led = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    assert led, page.content
    return {k: v[0] for k, v in parse_qs(urlsplit(html.unescape(led[1])).query).items()}


def _sign_in(browser: Client, provider: OpenId, which: str = "city", **more: Any) -> Any:
    asked = _asked(browser, which)
    provider.claims = {**provider.claims, "nonce": asked["nonce"], **more}
    return browser.get(reverse("openid_connect_callback", args=[which]), {"state": asked["state"], "code": "c"})


def test_a_token_that_is_right_signs_in(city: OpenId) -> None:
    ines, browser = account(), _browser()
    assert _sign_in(browser, city)["Location"] == "/" and browser.session["_auth_user_id"] == str(ines.pk)


@pytest.mark.rule(
    "P-07",
    "An ID token signs a person in only if the provider's own key signed it, for us, for this request, and within its time.",
)
@pytest.mark.parametrize(
    ("wrong", "claims"),
    [
        ({"key": True}, {}), ({"alg": "none"}, {}), ({"alg": "HS256"}, {}), ({"alg": "RS384"}, {}), ({"none": True}, {}),
        ({"headers": {"kid": "two"}}, {}), ({"headers": {"kid": "two", "jku": "http://evil.example/keys"}}, {}),
        ({}, {"iss": "https://evil.example"}), ({}, {"aud": "other"}), ({}, {"aud": ["civicmail", "other"]}),
        ({}, {"nonce": "old"}),
        ({}, {"nonce": None}), ({}, {"exp": 1_000_000_000}), ({}, {"exp": None}), ({}, {"iat": 4_000_000_000}),
        ({}, {"sub": None}),
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_wrong_signs_nobody_in(city: OpenId, wrong: dict[str, Any], claims: dict[str, Any]) -> None:
    """Signature, algorithm, key, issuer, audience, request, times, subject."""
    account()
    city.wrong = wrong
    browser = _browser()
    answer = _sign_in(browser, city, **claims)
    assert not _is_in(browser) and answer.status_code in (401, 403), answer.content


def test_a_description_of_another_issuer_is_none(city: OpenId) -> None:
    """Mix-up: what would be asked for there is never asked for."""
    city.wrong = {"issuer": "https://evil.example"}
    page = _browser().post(reverse("openid_connect_login", args=["city"]))
    assert b"did not work" in page.content and b"http-equiv" not in page.content


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
def test_a_provider_leads_nowhere_else(city: OpenId, path: str) -> None:
    account()
    browser = _browser()
    asked = _asked(browser)
    city.claims, city.wrong = {"nonce": asked["nonce"]}, {"moved": path}
    page = browser.get(reverse("openid_connect_callback", args=["city"]), {"state": asked["state"], "code": "c"})
    assert not _is_in(browser) and b"did not work" in page.content and "/elsewhere" not in city.asked


def test_an_answer_to_another_browser_or_for_another_time_signs_nobody_in(city: OpenId) -> None:
    account()
    mine, theirs = _browser(), _browser()
    asked = _asked(theirs)
    city.claims = {"nonce": asked["nonce"]}
    where, what = reverse("openid_connect_callback", args=["city"]), {"state": asked["state"], "code": "c"}
    mine.get(where, what)
    assert not _is_in(mine)
    theirs.get(where, what)
    assert _is_in(theirs)
    theirs.post(reverse("account_logout"))
    theirs.get(where, what)
    assert not _is_in(theirs)


@pytest.mark.rule(
    "P-07",
    "The first identity that a provider signs in for a person stays the only one, until an officer releases it.",
)
def test_another_provider_that_says_the_same_number_is_somebody_else(city: OpenId, school: OpenId) -> None:
    """The first identity stays; an officer releases it, and the person hears of the other."""
    ines = account()
    assert _sign_in(_browser(), city)["Location"] == "/"
    stranger = _browser()
    assert b"another identity" in _sign_in(stranger, school, "school").content and not _is_in(stranger)
    assert AccountNews.objects.filter(kind="identity", what="School").count() == 1
    assert list(locked_or_waiting(now_ms())) == [ines]
    signin.unlock(ines, actor=OFFICER, reason="she has moved to the school", now=now_ms())
    assert Entry.objects.filter(act="account.unlock").exists()
    assert _sign_in(stranger, school, "school")["Location"] == "/"
    assert _sign_in(_browser(), city).status_code == 403


def test_another_subject_of_the_same_provider_is_somebody_else(city: OpenId, settings: Any) -> None:
    """A number that a provider gives to somebody else, or that people write themselves there."""
    for app in settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]:
        app["settings"]["claim"] = "number"
    account()
    account(person("e-18", "Otto Other"), "otto")
    assert _sign_in(_browser(), city, sub="a", number="e-17")["Location"] == "/"
    for sub, number in (("b", "e-17"), ("a", "e-18")):
        browser = _browser()
        assert _sign_in(browser, city, sub=sub, number=number).status_code == 403 and not _is_in(browser)


def test_an_identity_of_a_provider_that_is_gone_from_the_settings_counts_no_more(city: OpenId, school: OpenId) -> None:
    ines = account()
    Identity.objects.create(account=ines, provider="https://before.example", subject="17", since=ines.made)
    assert _sign_in(_browser(), city)["Location"] == "/"
    assert Identity.objects.get().provider == city.issuer


def test_a_sign_in_that_does_not_say_when_it_was_proved_is_no_fresh_proof(city: OpenId) -> None:
    """OpenID Connect Core 2: auth_time, where max_age was asked for; an old one is as old as it is, and none is in the future."""
    account()
    for at, fresh in (
        (None, False),
        (int(time.time()) - 3600, False),
        (int(time.time()), True),
        (int(time.time()) + 86_400, False),
    ):
        browser = _browser()
        _sign_in(browser, city, auth_time=at)
        assert _is_in(browser) and step_up.is_fresh(type("R", (), {"session": browser.session})) is fresh  # type: ignore[arg-type]
        assert browser.session[step_up.AT] <= now_ms()


@pytest.mark.rule("P-07", "A provider that does not state a second factor has used none.")
@pytest.mark.parametrize(
    ("said", "lands"),
    [
        ({}, "/accounts/2fa/second/"),
        ({"amr": ["pwd"]}, "/accounts/2fa/second/"),
        ({"amr": ["pwd", "mfa"]}, ""),
        ({"acr": "mfa"}, ""),
    ],
)
def test_a_provider_that_asked_for_a_password_alone_is_one_factor(city: OpenId, said: dict[str, Any], lands: str) -> None:
    """What a provider does not say, it did not ask."""
    account()
    browser = _browser()
    _sign_in(browser, city, **said)
    assert browser.get("/").get("Location", "") == lands


def test_a_city_says_of_its_provider_that_it_always_asks_for_more(city: OpenId, settings: Any) -> None:
    wanted = dataclasses.replace(
        settings.CITY.signin, oidc=[dataclasses.replace(settings.CITY.signin.oidc[0], several_factors=True)]
    )
    settings.SOCIALACCOUNT_PROVIDERS = providers(wanted)
    account()
    browser = _browser()
    _sign_in(browser, city)
    assert browser.get("/").status_code == 200
