"""Second factors: secrets of authenticator apps are encrypted at rest, wrong codes count like wrong passwords (P-07, AC-7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from pathlib import Path

from allauth.account.adapter import get_adapter as account_adapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from cryptography.fernet import Fernet
from django import forms
from django.conf import settings

from civicmail.city.access.actions.signin import note_failure
from civicmail.city.access.credentials import device_key
from civicmail.city.access.models import Account
from civicmail.city.access.queries.signin import is_barred
from civicmail.core.config.clock import now_ms
from civicmail.front.web.signin.asker import client


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The site's name is the city's; what is secret is kept under a key of the installation."""

    def encrypt(self, text: str) -> str:
        return _box(device_key(_data())).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box(device_key(_data())).decrypt(encrypted_text.encode()).decode()

    def _get_site_name(self) -> str:
        return f"{settings.CITY.city.name} mail"

    def generate_authenticator_name(self, user: Account, type: str) -> str:
        return "Passkey"


def _data() -> Path:
    data = settings.DATA
    assert data is not None, "second factors need a data folder"
    return data


@lru_cache(maxsize=2)
def _box(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, b"totp", hashlib.sha256)))


class _Counted:
    """A wrong code is a failure of the account, at this door; a locked account's code is not even looked at."""

    user: Account

    def clean_code(self) -> str:
        where = client(context.request)
        if is_barred(self.user.username, where, now_ms()):
            raise account_adapter().validation_error("incorrect_code")
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of the form that this is mixed into
        except forms.ValidationError:
            note_failure(self.user.username, door="code", client=where, now=now_ms())
            raise
        return code


class CodeForm(_Counted, AuthenticateForm):  # type: ignore[misc]  # as above
    """At sign-in."""


class CodeAgainForm(_Counted, ReauthenticateForm):  # type: ignore[misc]  # as above
    """At a step-up."""
