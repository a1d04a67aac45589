"""What the database has of sessions opens nothing for whoever reads it, or writes to it (P-07; P-16)."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from city.identity.signins import account, person
from civicmail.city.guard.models import Account
from civicmail.core.config.clock import now_ms
from civicmail.front.web.sessions import SessionStore
from civicmail.front.web.signin import session_lifetime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


def _signed_in(who: Account) -> Client:
    browser = Client()
    browser.force_login(who)
    session = browser.session
    session["epoch"], session["welcome"] = who.epoch, "a-secret-of-a-letter"
    session[session_lifetime.BEGAN] = session[session_lifetime.SEEN] = now_ms()
    session.save()
    return browser


def _is_in(key: str) -> bool:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    return browser.get(reverse("my-sessions")).headers.get("Location", "").startswith(reverse("account_login")) is False


def _everything() -> list[str]:
    """Each text of the tables that know sessions, as whoever has the database reads them."""
    found: list[str] = []
    for table in ("django_session", "usersessions_usersession", "access_throttle"):
        with connection.cursor() as c:
            c.execute(f"SELECT * FROM {table}")
            found += [str(value) for row in c.fetchall() for value in row]
    return found


@pytest.mark.rule("P-07", "Session data in the database are no cookie and no secret: reading them does not permit a sign-in.")
def test_nothing_of_the_database_is_a_cookie() -> None:
    """Whoever reads it signs in as nobody, and reads no secret that a session holds."""
    browser = _signed_in(account())
    key = str(browser.session.session_key)
    browser.post(reverse("account_reauthenticate"), {"password": "wrong"})
    there = _everything()
    assert UserSession.objects.exists() or Session.objects.exists()
    assert _is_in(key) and not any(key in text or "a-secret-of-a-letter" in text for text in there)
    assert not any(_is_in(text) for text in there if text and text.isprintable() and len(text) < 300)


@pytest.mark.rule("P-07", "Session data are invalid in another row, and cannot be created by SQL.")
def test_no_session_is_made_of_another(settings: Any) -> None:
    """Whoever writes to the database puts no session under a key of their own, and makes none."""
    browser, thief = _signed_in(account()), _signed_in(account(person("e-18", "Otto Other"), "otto"))
    victims = Session.objects.get(session_key=SessionStore(browser.session.session_key).row)
    own = SessionStore(thief.session.session_key).row
    assert _is_in(str(thief.session.session_key))
    Session.objects.filter(session_key=own).update(session_data=victims.session_data)
    assert not _is_in(str(thief.session.session_key)), "what is in another's row is nothing here"
    Session.objects.create(session_key="k" * 32, session_data=victims.session_data, expire_date=victims.expire_date)
    assert not _is_in("k" * 32) and _is_in(str(browser.session.session_key))
