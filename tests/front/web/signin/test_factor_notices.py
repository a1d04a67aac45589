"""Whoever's sign-in has something new hears of it by mail, at every address that is known (P-07)."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.test import Client
from django.urls import reverse

from city.identity.signins import NOW, account, actor, mailbox
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.models import Account, AccountNews, Place
from civicmail.city.identity.actions import account_notices, devices, tokens
from civicmail.city.identity.models import Token
from civicmail.city.notices.models import Notice
from civicmail.front.web.signin.factor_notices import on_password

PASSWORD = "correct horse battery staple"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture
def ines(settings: Any) -> Account:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = account(password=PASSWORD)
    made.person.outside = "ines@home.example"
    made.person.save()
    mailbox(made.person, "ines@city.example")
    return made


def _told(now: int) -> list[tuple[str, str]]:
    account_notices.send_due(now=now)
    return list(Notice.objects.order_by("id").values_list("to", "text"))


@pytest.mark.rule(
    "P-07",
    "A new device password, token, passkey, app or password is announced to its person by mail, at every known address.",
)
def test_what_is_new_is_told_in_one_message_at_each_address(ines: Account) -> None:
    """Device password, tokens, passkey, app, password; once, and after it has waited for more of its kind."""
    who = actor(ines.person)
    devices.make(ines.person, "Pixel phone", actor=who, now=NOW)
    tokens.make(ines.person, days=1, actor=who, now=NOW)
    tokens.make_for_program(ines.person, "help desk", ["read:me"], days=30, actor=who, now=NOW)
    assert _told(NOW + 1) == [], "more may come"
    passkey = Authenticator(user=ines, type=Authenticator.Type.WEBAUTHN)
    authenticator_added.send(Authenticator, request=None, user=ines, authenticator=passkey)
    on_password(Account, ines)
    assert set(AccountNews.objects.values_list("kind", flat=True)) == {"device", "token", "program", "passkey", "password"}
    AccountNews.objects.update(at=account_notices.from_ms(NOW))
    told = _told(NOW + account_notices.BATCH_DELAY_MS)
    assert [to for to, _ in told] == ["ines@city.example", "ines@home.example"]
    assert all(word in told[0][1] for word in ("Pixel phone", "command line", "help desk", "passkey", "new password"))
    assert _told(NOW + DAY_MS) == told, "once"


def _sign_in(address: str) -> None:
    browser = Client(HTTP_HOST="localhost", REMOTE_ADDR=address)
    assert browser.post(reverse("account_login"), {"login": "ines", "password": PASSWORD})["Location"] == "/"


@pytest.mark.rule(
    "P-07",
    "A sign-in from a network that is new for the account is announced to its person by mail, except the first one.",
)
def test_a_sign_in_from_a_new_place_is_told_and_the_first_one_is_not(ines: Account) -> None:
    """A place is a network, /24, or /64 of IPv6."""
    for address in ("192.0.2.7", "192.0.2.99", "2001:db8:1:2::1", "2001:db8:1:2:3::4"):
        _sign_in(address)
    assert list(AccountNews.objects.values_list("kind", "what")) == [("place", "2001:db8:1:2::1")]
    assert sorted(Place.objects.values_list("network", flat=True)) == ["192.0.2.0/24", "2001:db8:1:2::/64"]


@pytest.mark.rule("P-07", "A token that changes who has which role lasts a day.")
def test_a_token_that_changes_roles_lasts_a_day(ines: Account) -> None:
    """Also one that was made when they lasted a year."""
    who = actor(ines.person)
    with pytest.raises(Unusable, match="lasts one day"):
        tokens.make_for_program(ines.person, "roster", ["write:duties"], days=2, actor=who, now=NOW)
    text = tokens.make_for_program(ines.person, "roster", ["write:duties"], days=1, actor=who, now=NOW)
    Token.objects.update(until=account_notices.from_ms(NOW + 300 * DAY_MS))
    assert tokens.program_by(text, now=NOW + DAY_MS) is not None
    assert tokens.program_by(text, now=NOW + DAY_MS + 1) is None
