"""The city's identity providers, OIDC and SAML, as real peers: who gets in is whom the directory knows by the claim (P-07)."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.test import Client
from django.urls import reverse
from oidc_provider_mock import User, run_server_in_thread

from city.identity.signins import account, person
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import signin
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Oidc, Saml
from civicmail.front.web.signin import step_up
from civicmail.front.web.signin.providers import providers
from neighbours.saml import Idp

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("installed"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc"),
]


@pytest.fixture(scope="module")
def oidc() -> Iterator[str]:
    known = [
        User(sub="e-17", claims={"email": "x@elsewhere.example", "email_verified": True, "login": "ines"}),
        User(sub="stranger", claims={"email": "ines@city.example", "email_verified": True}),
    ]
    with run_server_in_thread(0, user_claims=known, require_nonce=False) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    people = {"e-17": {"uid": "e-17", "mail": "x@elsewhere.example"}, "e-99": {"uid": "e-99", "mail": "ines@city.example"}}
    with Idp(people) as found:
        yield found


@pytest.fixture
def provided(installed: Path, settings: Any, oidc: str, idp: Idp) -> Any:
    """Both providers are configured."""
    certificate, secret = installed / "idp.pem", installed / "oidc.secret"
    certificate.write_text(idp.certificate)
    secret.write_text("s\n")
    one = Oidc(id="city", name="City ID", issuer=oidc, secret_file=str(secret))
    other = Saml(id="hall", name="City Hall", entity=idp.entity, sso=idp.sso, certificate=str(certificate))
    wanted = dataclasses.replace(settings.CITY.signin, oidc=[one], saml=[other])
    settings.CITY = dataclasses.replace(settings.CITY, signin=wanted)
    settings.SOCIALACCOUNT_PROVIDERS = providers(wanted)
    settings.ALLOWED_HOSTS = ["mail.city.example"]
    return settings


def _browser() -> Client:
    return Client(HTTP_HOST="mail.city.example", REMOTE_ADDR="192.0.2.7")


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def _begun(browser: Client, where: str) -> str:
    """Where the button of a provider leads, the way a page without script goes."""
    page = browser.post(where)
    assert page.status_code == 200, page.content[:300]
    led = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    assert led, page.content[:300]
    return html.unescape(led[1])


def _by_oidc(browser: Client, sub: str, change: Any = lambda query: query, **asked: str) -> Any:
    begun = _begun(browser, f"{reverse('openid_connect_login', args=['city'])}?{urlencode(asked)}")
    answer = requests.post(begun, data={"sub": sub}, allow_redirects=False, timeout=60)
    back = urlsplit(answer.headers["location"])
    return browser.get(f"{back.path}?{change(back.query)}")


def _by_saml(browser: Client, who: str, **wrong: Any) -> Any:
    acs, form = browser_idp(browser).answer(_begun(browser, reverse("saml_login", args=["hall"])), who, **wrong)
    return browser.post(urlsplit(acs).path, form, follow=True)


def browser_idp(browser: Client) -> Idp:
    return browser.idp  # type: ignore[attr-defined,no-any-return]


@pytest.mark.usefixtures("provided")
def test_openid_connect_signs_in_whom_the_number_names() -> None:
    """P-07: by the number in the directory, whatever the address says."""
    ines, browser = account(), _browser()
    page = browser.get(reverse("account_login"))
    assert b"City ID" in page.content and b"City Hall" in page.content
    assert _by_oidc(browser, "e-17")["Location"] == "/"
    assert browser.session["_auth_user_id"] == str(ines.pk) and browser.session["epoch"] == 1


@pytest.mark.rule("P-07", "An e-mail address at a provider identifies nobody, and there is no sign-up.")
def test_a_stranger_with_somebodys_address_is_nobody(provided: Any) -> None:
    """An e-mail address binds nothing, even a verified one that is asked for, and nobody signs up."""
    provided.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["scope"] = ["openid", "email"]
    ines, browser = account(username="ines@city.example"), _browser()
    Account.objects.update(email="ines@city.example")
    answer = _by_oidc(browser, "stranger")
    assert answer.status_code == 403 and b"belongs to no one here" in answer.content and not _is_in(browser)
    assert list(Account.objects.all()) == [ines]


def test_another_claim_may_name_the_sign_in_name(provided: Any) -> None:
    provided.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["claim"] = "login"
    account(person("e-3", "Ines Other"))
    browser = _browser()
    _by_oidc(browser, "e-17")
    assert _is_in(browser)


@pytest.mark.rule("P-07", "A provider's identity is the person with the directory's number or sign-in name, and only one person.")
@pytest.mark.usefixtures("provided")
def test_an_identity_that_fits_two_people_is_nobodys() -> None:
    account()
    account(person("e-18", "Otto Other"), "e-17")
    browser = _browser()
    assert _by_oidc(browser, "e-17").status_code == 403 and not _is_in(browser)


@pytest.mark.usefixtures("provided")
def test_a_forged_state_and_a_refusal_sign_nobody_in() -> None:
    account()
    browser = _browser()
    _by_oidc(browser, "e-17", lambda query: re.sub("state=[^&]*", "state=forged", query))
    assert not _is_in(browser)
    begun = _begun(browser, reverse("openid_connect_login", args=["city"]))
    back = urlsplit(requests.post(begun, data={"action": "deny"}, allow_redirects=False, timeout=60).headers["location"])
    page = browser.get(f"{back.path}?{back.query}", follow=True)
    assert b"did not sign in" in page.content and not _is_in(browser)


@pytest.mark.usefixtures("provided")
def test_no_identity_is_connected_to_somebody_elses_session() -> None:
    """CWE-352: `process=connect` does nothing here."""
    account()
    browser = _browser()
    assert _by_oidc(browser, "e-17", process="connect").status_code == 403
    assert not _is_in(browser)


@pytest.mark.usefixtures("provided")
def test_locked_is_locked_by_every_way() -> None:
    """AC-7."""
    Account.objects.filter(pk=account().pk).update(locked=signin.from_ms(now_ms()))
    browser = _browser()
    assert b"locked" in _by_oidc(browser, "e-17").content and not _is_in(browser)


@pytest.mark.usefixtures("provided")
def test_a_step_up_at_the_provider_asks_it_to_ask_again() -> None:
    """P-07: whoever has no passkey here proves it where the sign-in is."""
    account()
    browser = _browser()
    _by_oidc(browser, "e-17")
    session = browser.session
    session[step_up.AT] = now_ms() - 3_600_000
    session.save()
    to = browser.get(reverse("mfa_add_webauthn"))
    assert to["Location"].startswith(reverse("signin-again"))
    link = re.search(r'action="([^"]*oidc/city[^"]*)"', browser.get(to["Location"]).content.decode())
    assert link
    begun = _begun(browser, html.unescape(link[1]))
    asked = parse_qs(urlsplit(begun).query)
    assert asked["prompt"] == ["login"] and asked["max_age"] == ["0"]
    answer = requests.post(begun, data={"sub": "e-17"}, allow_redirects=False, timeout=60)
    back = urlsplit(answer.headers["location"])
    assert browser.get(f"{back.path}?{back.query}")["Location"] == reverse("mfa_add_webauthn")
    assert browser.get(reverse("mfa_add_webauthn")).status_code == 200


@pytest.mark.usefixtures("provided")
def test_saml_signs_in_whom_the_attribute_names(idp: Idp) -> None:
    """P-07."""
    ines, browser = account(), _browser()
    browser.idp = idp  # type: ignore[attr-defined]
    _by_saml(browser, "e-17")
    assert browser.session["_auth_user_id"] == str(ines.pk)
    stranger = _browser()
    stranger.idp = idp  # type: ignore[attr-defined]
    assert _by_saml(stranger, "e-99").status_code == 403 and not _is_in(stranger)


@pytest.mark.rule("P-07", "An assertion is for us, now, signed, and used once.")
@pytest.mark.usefixtures("provided")
@pytest.mark.parametrize(
    "wrong", [{"audience": "https://other.example/"}, {"to": "_x"}, {"late": 3600}, {"tamper": "e-18"}, {"unsigned": True}], ids=str
)
def test_an_assertion_that_is_not_for_us_now_signs_nobody_in(idp: Idp, wrong: dict[str, Any]) -> None:
    """Audience, request, time, signature."""
    account()
    account(person("e-18", "Otto Other"), "otto")
    browser = _browser()
    browser.idp = idp  # type: ignore[attr-defined]
    _by_saml(browser, "e-17", **wrong)
    assert not _is_in(browser)


@pytest.mark.usefixtures("provided")
def test_an_assertion_is_used_once(idp: Idp) -> None:
    """A replay of the whole answer, in another browser and in the same one."""
    account()
    browser = _browser()
    acs, form = idp.answer(_begun(browser, reverse("saml_login", args=["hall"])), "e-17")
    browser.post(urlsplit(acs).path, form, follow=True)
    assert _is_in(browser)
    thief = _browser()
    thief.post(urlsplit(acs).path, form, follow=True)
    assert not _is_in(thief)
    browser.post(reverse("account_logout"))
    browser.post(urlsplit(acs).path, form, follow=True)
    assert not _is_in(browser)


def test_what_we_are_is_told_to_the_provider(provided: Any) -> None:
    page = _browser().get(reverse("saml_metadata", args=["hall"]))
    assert b"AssertionConsumerService" in page.content and b"/accounts/saml/hall/acs/" in page.content


@pytest.mark.rule("P-07", "A sign-in at a provider starts by a button of our page, never by a URL.")
@pytest.mark.usefixtures("provided")
@pytest.mark.parametrize(("name", "which"), [("openid_connect_login", "city"), ("saml_login", "hall")])
def test_a_page_elsewhere_begins_no_sign_in(name: str, which: str) -> None:
    """Opening the address shows a button; a form of somebody else's page is refused."""
    browser = Client(HTTP_HOST="mail.city.example", enforce_csrf_checks=True)
    page = browser.get(reverse(name, args=[which]))
    assert page.status_code == 200 and b"http-equiv" not in page.content and b"<button" in page.content
    assert browser.post(reverse(name, args=[which]), HTTP_ORIGIN="https://evil.example").status_code == 403
