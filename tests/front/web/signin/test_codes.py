"""Authenticator apps and recovery codes: encrypted at rest, asked for at sign-in; wrong ones count as passwords do (P-07, AC-7)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from city.access.signins import account
from civicmail.city.access.models import Account, Failure

PASSWORD = "correct horse battery staple"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _browser(address: str = "192.0.2.7") -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR=address)


def _sign_in(browser: Client) -> Any:
    return browser.post(reverse("account_login"), {"login": "ines", "password": PASSWORD})


def _code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


@pytest.fixture
def secret() -> str:
    """Of an app that Ines has set up on the page."""
    account(password=PASSWORD)
    browser = _browser()
    _sign_in(browser)
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    assert "<svg" in page and "data:image" not in page
    found = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert found
    assert browser.post(reverse("mfa_activate_totp"), {"code": _code(found[1])}).status_code == 302
    return found[1]


def test_a_password_alone_does_not_sign_in_whoever_has_an_app(secret: str) -> None:
    browser = _browser()
    to = _sign_in(browser)["Location"]
    assert to == reverse("mfa_authenticate") and "_auth_user_id" not in browser.session
    assert browser.post(to, {"code": _code(secret)})["Location"] == "/"
    assert "_auth_user_id" in browser.session


def test_after_five_wrong_codes_none_is_looked_at_from_there_for_a_while(secret: str) -> None:
    """AC-7: a code has six digits; nobody tries them all. Nothing is locked: from elsewhere it opens."""
    browser = _browser()
    to = _sign_in(browser)["Location"]
    for i in range(5):
        browser.post(to, {"code": f"{i:06}"})
    assert Failure.objects.filter(door="code").count() == 5 and Account.objects.get().locked is None
    browser.post(to, {"code": _code(secret)})
    assert "_auth_user_id" not in browser.session
    elsewhere = _browser("198.51.100.7")
    assert elsewhere.post(_sign_in(elsewhere)["Location"], {"code": _code(secret)})["Location"] == "/"


def test_secrets_are_encrypted_and_a_recovery_code_works_once(secret: str) -> None:
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    owner = _browser()
    _sign_in(owner)
    owner.post(reverse("mfa_authenticate"), {"code": _code(secret)})
    owner.post(reverse("mfa_generate_recovery_codes"))
    shown = owner.get(reverse("mfa_view_recovery_codes")).content.decode()
    code = re.findall(r"<li>(\w+)</li>", shown)[0]
    assert code not in str(list(Authenticator.objects.values_list("data", flat=True)))
    for works in (True, False):
        browser = _browser()
        browser.post(_sign_in(browser)["Location"], {"code": code})
        assert ("_auth_user_id" in browser.session) is works
