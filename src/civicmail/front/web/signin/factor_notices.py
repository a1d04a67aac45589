"""Notify a person of changes to their sign-in (P-07)."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.utils import translation
from django.utils.translation import gettext

from civicmail.city.guard.models import Account
from civicmail.city.identity.actions.account_notices import add
from civicmail.core.config.clock import now_ms

_KINDS = {Authenticator.Type.WEBAUTHN: "passkey", Authenticator.Type.TOTP: "code", Authenticator.Type.RECOVERY_CODES: "codes"}


def connect() -> None:
    """Listen, for as long as the program runs."""
    for signal in (authenticator_added, authenticator_reset):
        signal.connect(on_factor, dispatch_uid="news of a factor")
    authenticator_removed.connect(on_removal, dispatch_uid="news of a removal")
    for signal in (password_set, password_changed):
        signal.connect(on_password, dispatch_uid="news of a password")


def on_factor(sender: object, user: Account, authenticator: Authenticator, **_: Any) -> None:
    add(user.person, _KINDS[authenticator.type], now=now_ms())


def on_removal(sender: object, user: Account, authenticator: Authenticator, **_: Any) -> None:
    if (kind := _KINDS[authenticator.type]) != "codes":  # these go with the last of the others
        with translation.override(user.person.language):
            what = {"passkey": gettext("a passkey"), "code": gettext("the authenticator app")}[kind]
        add(user.person, "removed", what, now=now_ms())


def on_password(sender: object, user: Account, **_: Any) -> None:
    add(user.person, "password", now=now_ms())
