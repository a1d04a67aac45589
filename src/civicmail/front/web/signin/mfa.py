"""Second factors: encrypted secrets; wrong codes count like wrong passwords (P-07, AC-7)."""

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
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django import forms
from django.conf import settings

from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import throttling
from civicmail.city.snapshot.credentials import device_key
from civicmail.core.config.clock import now_ms
from civicmail.front.web.signin import recovery_codes
from civicmail.front.web.signin.adapters import admitted


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Shows the city's name; encrypts secrets with a key of the installation."""

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
    """A code is counted before it is checked, like a password; too many lock for a while."""

    user: Account
    cleaned_data: dict[str, str]
    authenticator: Authenticator

    def clean_code(self) -> str:
        ticket = admitted(context.request, self.user.username, "code")
        if ticket is None:
            raise account_adapter().validation_error("incorrect_code")
        if (row := recovery_codes.use(self.user, self.cleaned_data["code"])) is not None:
            throttling.take_back(ticket)
            self.authenticator = row
            return str(self.cleaned_data["code"])
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of the form that this is mixed into
        except forms.ValidationError:
            throttling.note_failure(ticket, door="code", now=now_ms())
            raise
        throttling.take_back(ticket)
        return code


class CodeForm(_Counted, AuthenticateForm):  # type: ignore[misc]  # as above
    """At sign-in."""


class CodeAgainForm(_Counted, ReauthenticateForm):  # type: ignore[misc]  # as above
    """At a step-up."""
