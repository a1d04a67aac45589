"""Passkeys in a real browser: the first one by an invitation, sign-in, step-up; a device that did not ask opens nothing (P-07)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from civicmail.city.guard.actors import machine
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import invitations
from civicmail.city.identity.models import Device
from civicmail.core.config.clock import now_ms
from civicmail.front.web.signin import step_up
from pages.passkeys import Authenticator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.neighbour("chromium")]


@pytest.fixture
def newcomer(browse: Callable[..., Any]) -> Any:
    """A page on which somebody of the town has opened an invitation."""
    page = browse("", reverse("account_login"))
    person = page.town.people["crew0"]
    secret = invitations.invite_first(person, actor=machine("os:root"), reason="claim", now=now_ms())
    page.keys, page.home = Authenticator(page), page.url.removesuffix(reverse("account_login"))
    page.goto(page.home + reverse("welcome-link", args=[secret]))
    return page


def test_a_passkey_is_set_by_an_invitation_and_signs_in(newcomer: Any) -> None:
    """And the address bar shows no secret."""
    page = newcomer
    assert page.url.endswith(reverse("welcome"))
    page.click("text=Set a passkey")
    page.locator(".cm-me").wait_for()
    assert [k["isResidentCredential"] for k in page.keys.held()] == [True]
    page.goto(page.home + reverse("my-sessions"))
    assert page.get_by_text("No password.").is_visible()
    page.context.clear_cookies()
    page.goto(page.home + reverse("account_login"))
    page.click("text=Sign in with a passkey")
    page.locator(".cm-me").wait_for()
    assert page.locator(".cm-me").get_by_text("Dana Ortiz").is_visible()


def test_a_device_that_did_not_ask_who_it_is_signs_nobody_in(newcomer: Any, browse: Any) -> None:
    page = newcomer
    page.click("text=Set a passkey")
    page.locator(".cm-me").wait_for()
    page.context.clear_cookies()
    page.keys.knows_its_owner(False)
    page.goto(page.home + reverse("account_login"))
    page.click("text=Sign in with a passkey")
    page.get_by_text("Nothing was sent").wait_for()
    assert page.url.endswith(reverse("account_login"))


def test_a_device_password_needs_the_passkey_again(newcomer: Any, installed: Path) -> None:
    """And what was asked for goes on afterwards."""
    page = newcomer
    page.click("text=Set a passkey")
    page.locator(".cm-me").wait_for()
    from civicmail.front.web.sessions import SessionStore

    key = next(c["value"] for c in page.context.cookies() if c["name"] == "sessionid")
    session = SessionStore(key)
    session[step_up.AT] = now_ms() - 300_000
    session.save()
    page.goto(page.home + reverse("device-add"))
    page.click("text=Confirm with a passkey")
    page.fill("[name=name]", "Phone")
    page.click("text=Make the password")
    secret = page.locator("#secret").inner_text()
    assert len(secret) == 34 and Device.objects.filter(name="Phone").count() == 1
    assert Account.objects.get(person=page.town.people["crew0"]).username in page.content()
