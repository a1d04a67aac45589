"""Authenticator apps and recovery codes: encrypted at rest, asked for at sign-in; wrong ones count as passwords do (P-07, AC-7)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from city.identity.signins import account
from civicmail.city.guard.models import Account, Failure
from civicmail.city.snapshot.credentials import normalize
from civicmail.front.web.signin.mfa import FactorAdapter
from civicmail.front.web.signin.recovery_codes import use

PASSWORD = "correct horse battery staple"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def at_noon(frozen: Traveller) -> None:
    """A code is good in its half minute alone (RFC 6238): one made at the end of it would come too late now and then."""


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


def _codes(secret: str, browser: Client) -> list[str]:
    """The codes that a browser which is signed in is shown."""
    _sign_in(browser)
    browser.post(reverse("mfa_authenticate"), {"code": _code(secret)})
    shown = browser.post(reverse("recovery-codes")).content.decode()
    return re.findall(r"<li>([0-9a-z-]{29})</li>", shown)


@pytest.mark.rule("P-07", "Recovery codes are stored as hashes, shown once, and valid once.")
def test_the_secret_of_an_app_is_encrypted_and_a_recovery_code_is_hashed_and_works_once(secret: str) -> None:
    """Ten codes of 120 bits, shown once; a thief of the database has hashes."""
    owner = _browser()
    codes = _codes(secret, owner)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert len(set(codes)) == 10 and secret not in kept and not [c for c in codes if c in kept or normalize(c) in kept]
    assert codes[0] not in owner.get(reverse("recovery-codes")).content.decode()
    for works in (True, False):
        browser = _browser()
        browser.post(_sign_in(browser)["Location"], {"code": codes[0].upper().replace("-", " ")})
        assert ("_auth_user_id" in browser.session) is works
    assert "9 left" in owner.get(reverse("my-sessions")).content.decode()


def test_new_codes_end_the_old_ones_and_stand_in_for_something_alone(secret: str) -> None:
    owner = _browser()
    before = _codes(secret, owner)
    after = re.findall(r"<li>([0-9a-z-]{29})</li>", owner.post(reverse("recovery-codes")).content.decode())
    ines = Account.objects.get()
    assert not use(ines, before[0]) and use(ines, after[0])
    Authenticator.objects.all().delete()
    assert b"Add one of these first" in owner.post(reverse("recovery-codes")).content and not Authenticator.objects.exists()


def test_codes_of_an_older_version_open_and_are_kept_as_slow_hashes_after_the_next_sign_in(secret: str) -> None:
    """Eight digits are guessed by whoever has the table and time; the next sign-in of their owner ends that."""
    ines = Account.objects.get()
    data = {"seed": FactorAdapter().encrypt(RecoveryCodes.generate_seed()), "used_mask": 1}
    row = Authenticator.objects.create(user=ines, type=Authenticator.Type.RECOVERY_CODES, data=data)
    old = row.wrap().get_unused_codes()
    assert len(old) == 9
    for code in old[:2]:
        browser = _browser()
        assert browser.post(_sign_in(browser)["Location"], {"code": code})["Location"] == "/"
        row.refresh_from_db()
        assert set(row.data) == {"slow", "salt", "migrated_codes"} and code not in str(row.data)
    assert len(row.data["slow"]) == 7 and not use(ines, old[1]) and not use(ines, "00000000")


def test_a_code_of_an_app_works_once_and_for_half_a_minute(secret: str, frozen: Traveller) -> None:
    """RFC 6238, 5.2."""
    code = _code(secret)
    for works in (True, False):
        browser = _browser()
        browser.post(_sign_in(browser)["Location"], {"code": code})
        assert ("_auth_user_id" in browser.session) is works
    late = _code(secret)
    frozen.shift(60)
    browser = _browser()
    browser.post(_sign_in(browser)["Location"], {"code": late})
    assert "_auth_user_id" not in browser.session
