"""Require a second factor (P-07; SP 800-63B, AAL2): after a password alone, the person sets up a passkey or an app first."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page
from civicmail.front.web.signin import step_up

ONE = "one_factor"
"""Key of the session: there was one proof, and nothing of a second kind."""
MORE = "_more_factors"
"""Attribute of a request that signs in: the provider vouches for more than one."""
PROVEN = frozenset({"mfa", "otp", "hwk", "swk", "sc", "fpt", "face", "iris", "retina", "vbm", "sms", "tel"})
"""Values of amr (RFC 8176) that are more than a password."""
PROVEN_CONTEXTS = frozenset(
    {
        "https://refeds.org/profile/mfa",
        "http://schemas.microsoft.com/claims/multipleauthn",
        *(f"urn:oasis:names:tc:SAML:2.0:ac:classes:{name}" for name in (
            "MobileTwoFactorContract", "MobileTwoFactorUnregistered", "Smartcard", "SmartcardPKI", "TimeSyncToken", "X509",
        )),
    }
)  # fmt: skip
"""The same in SAML: classes of authentication context."""
OPEN = frozenset(
    {
        "second-factor",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "account_set_password",
        "language",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
        "my-sessions",
        "session-end",
        "signin-again",
    }
)
"""Pages open before the second factor is set up, besides public ones."""


def is_multifactor(claim: object) -> bool:
    """Whether a provider's amr, or its authentication context, is more than a password. said: a value or several."""
    values = claim if isinstance(claim, list | tuple) else [claim]
    return any(v in PROVEN or v in PROVEN_CONTEXTS for v in values if isinstance(v, str))


def note(request: HttpRequest, account: Account) -> None:
    """Record the factors of a sign-in. A demo requires none."""
    if settings.DEMO or getattr(request, MORE, False) or step_up.second_factors(account):
        request.session.pop(ONE, None)
    else:
        request.session[ONE] = True


def is_missing(request: HttpRequest, account: Account) -> bool:
    """Whether the second factor is to come first. Asks the database only in a session that has one."""
    if not settings.CITY.signin.second_factor or ONE not in request.session:
        return False
    if step_up.second_factors(account):
        del request.session[ONE]
        return False
    return True


@acting("my.sessions")
@never_cache
def second(request: CityRequest) -> HttpResponse:
    """Which of the two shall it be?"""
    require(request, "my.sessions", OfPerson(me(request).uid))
    page = Page(gettext("Add a second sign-in step"), gettext("My sign-in"))
    return render(request, "signin/second.html", {"page": page})
