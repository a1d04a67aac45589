"""How long a session of the pages lasts, and what ends it or gives it another key (P-07, L2; SP 800-63B, 2.2.3 and 5.1)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from city.identity.signins import account
from civicmail.front.web.sessions import row_of
from civicmail.front.web.signin import session_lifetime, step_up

PASSWORD = "correct horse battery staple"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _in(address: str = "192.0.2.7") -> Client:
    browser = Client(HTTP_HOST="localhost", REMOTE_ADDR=address)
    browser.post(reverse("account_login"), {"login": "ines", "password": PASSWORD})
    return browser


def _works(browser: Client, **more: Any) -> bool:
    return browser.get(reverse("my-sessions"), **more).status_code == 200


@pytest.mark.rule("P-07", "A session ends by its age, however often it is used or changed.")
def test_a_session_that_is_used_ends_by_its_age_all_the_same(frozen: Traveller) -> None:
    """Twelve hours after the sign-in, however often it was changed meanwhile: Django alone counts from the last change."""
    account(password=PASSWORD)
    browser = _in()
    for _ in range(23):
        frozen.shift(1800)
        assert _works(browser)
    frozen.shift(1799)
    assert _works(browser)
    frozen.shift(1)
    assert not _works(browser) and not Session.objects.exists()


@pytest.mark.rule("P-07", "An unused session ends after an hour, also if its page sends automatic requests.")
def test_a_session_that_nobody_uses_ends_after_an_hour(frozen: Traveller) -> None:
    account(password=PASSWORD)
    used, unused, polling = _in(), _in("192.0.2.8"), _in("192.0.2.9")
    for _ in range(4):
        frozen.shift(1000)
        assert _works(used)
        polling.get(reverse("my-sessions"), HTTP_X_POLL="1")
    assert not _works(unused) and not _works(polling), "a page that asks by itself is nobody"


def test_a_session_that_does_not_say_when_it_began_is_over() -> None:
    account(password=PASSWORD)
    for key in (session_lifetime.BEGAN, session_lifetime.SEEN):
        browser = _in()
        session = browser.session
        del session[key]
        session.save()
        assert not _works(browser)


def test_the_eleventh_session_ends_the_oldest() -> None:
    account(password=PASSWORD)
    browsers = [_in(f"192.0.2.{n}") for n in range(1, session_lifetime.MAX_SESSIONS + 2)]
    assert [_works(b) for b in browsers] == [False] + [True] * session_lifetime.MAX_SESSIONS
    assert UserSession.objects.count() == session_lifetime.MAX_SESSIONS


@pytest.mark.rule("P-07", "A fresh proof gives a session another key; the old one opens nothing.")
def test_a_fresh_proof_gives_the_session_another_key_and_the_old_one_opens_nothing() -> None:
    """Whoever read the key of a session does not have its step-up."""
    account(password=PASSWORD)
    browser, thief = _in(), Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")
    before = browser.session.session_key
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    session = browser.session
    session[step_up.AT] = 0
    session.save()
    asked = browser.get(reverse("account_change_password"))
    browser.post(asked["Location"], {"password": PASSWORD})
    assert step_up.is_fresh(type("R", (), {"session": browser.session}))  # type: ignore[arg-type]
    assert browser.session.session_key != before and not _works(thief) and _works(browser)
    assert [s.session_key for s in UserSession.objects.all()] == [row_of(browser.session.session_key)], (
        "it is listed, and can be ended"
    )


def test_whoever_signs_out_leaves_nothing_that_opens() -> None:
    account(password=PASSWORD)
    browser, thief = _in(), Client(HTTP_HOST="localhost")
    thief.cookies[settings.SESSION_COOKIE_NAME] = browser.session.session_key
    key = browser.session.session_key
    browser.post(reverse("account_logout"))
    assert not Session.objects.filter(session_key=row_of(key)).exists()
    assert not _works(thief)


def test_a_new_password_ends_every_other_session() -> None:
    account(password=PASSWORD)
    here, there = _in(), _in("192.0.2.8")
    new = "three purple umbrellas dance"
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert _works(here) and not _works(there)


def test_other_sessions_end_by_a_fresh_proof_alone() -> None:
    """Who finds an open browser does not end the sessions of its owner elsewhere."""
    account(password=PASSWORD)
    here, there = _in(), _in("192.0.2.8")
    session = here.session
    session[step_up.AT] = 0
    session.save()
    asked = here.post(reverse("session-end", args=[0]))
    assert asked["Location"].startswith(reverse("account_reauthenticate")) and _works(there)
    here.post(asked["Location"], {"password": PASSWORD})
    assert _works(here) and not _works(there)


def test_a_key_of_a_session_is_random_and_long() -> None:
    """32 of 36 characters each: 165 bits, from the system's generator."""
    keys = {SessionStore()._get_new_session_key() for _ in range(50)}
    assert len(keys) == 50 and all(re.fullmatch("[a-z0-9]{32}", key) for key in keys)
    assert len(set("".join(keys))) == 36
