"""The pages of sign-in, which are behind a step-up or an invitation: for everybody, too (P3; WCAG 2.1 AA)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from civicmail.city.guard.actors import machine
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import invitations
from civicmail.core.config.clock import now_ms
from pages.looks import looked_at

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]

MINE = (
    "mfa_add_webauthn",
    "mfa_activate_totp",
    "account_set_password",
    "account_logout",
    "signin-again",
    "recovery-codes",
    "second-factor",
)


@pytest.mark.parametrize("name", MINE)
def test_a_page_of_ones_own_sign_in_is_for_everybody(browse: Callable[..., Any], name: str) -> None:
    def where(town: Any) -> str:
        if name == "recovery-codes":
            owner = Account.objects.get(person=town.people["crew0"])
            Authenticator.objects.create(user=owner, type="webauthn", data={"name": "key", "credential": {}})
        return reverse(name)

    shown = browse("crew0", where)
    assert shown.url.endswith(reverse(name)), shown.url
    assert len(shown.locator("h1").all_inner_texts()) == 1
    assert looked_at(shown) == []


def test_the_page_behind_an_invitation_is_for_everybody(browse: Callable[..., Any]) -> None:
    def where(town: Any) -> str:
        secret = invitations.invite_first(town.people["crew0"], actor=machine("os:root"), reason="claim", now=now_ms())
        return reverse("welcome-link", args=[secret])

    shown = browse("", where)
    assert shown.url.endswith(reverse("welcome"))
    assert looked_at(shown) == []


def test_a_link_that_is_over_says_so(browse: Callable[..., Any]) -> None:
    shown = browse("", reverse("welcome-link", args=["x"]))
    assert shown.get_by_role("heading", name="Expired link").is_visible()
    assert looked_at(shown) == []


def test_the_page_for_the_halves_of_a_letter_is_for_everybody(browse: Callable[..., Any]) -> None:
    shown = browse("", reverse("welcome"))
    assert looked_at(shown) == []
    shown.fill("[name=first]", "abcd")
    shown.fill("[name=second]", "abcd")
    shown.get_by_role("button", name="Continue").click()
    assert shown.get_by_role("alert").get_by_text("do not belong together").is_visible()
    assert looked_at(shown) == []
