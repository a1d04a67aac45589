"""Step-up authentication before privileged roles, device passwords, tokens and passkeys (P-07, D4, AC-11).

The proof is a full or repeated sign-in: by passkey or code if the account has one, else by password, or at the identity
provider if it reports the time (auth_time).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from civicmail.city.guard.models import Account
from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.front.web.signin import session_lifetime
from civicmail.front.web.signin.request_actor import account

log = get_logger()

AT = "fresh_at"
"""Key of the session: ms of the last proof."""

PROVED = "_proved_at"
"""Attribute of a request that signs in: ms of the proof, where it is older than the request."""

View = Callable[..., HttpResponseBase]


def note(request: HttpRequest, at: int) -> None:
    request.session[AT] = at


def is_fresh(request: HttpRequest, now: int | None = None) -> bool:
    """Whether the last proof is recent enough (signin.step_up). A demo requires none. now: epoch ms."""
    if settings.DEMO:
        return True
    at = request.session.get(AT)
    now = now_ms() if now is None else now
    return isinstance(at, int) and 0 <= now - at < settings.CITY.signin.step_up * 1000


def required(view: View) -> View:
    """Decorator for views with step-up: afterwards the person returns to the request, form included."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and is_fresh(request):
            return view(request, *args, **kwargs)
        return ask(request)

    return guarded


def ask(request: HttpRequest) -> HttpResponse:
    """Redirect to the step-up page and back."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    kinds = second_factors(account(request))
    if Authenticator.Type.WEBAUTHN in kinds:
        where = "mfa_reauthenticate_webauthn"
    elif kinds:
        where = "mfa_reauthenticate"
    else:
        where = "account_reauthenticate" if account(request).has_usable_password() else "signin-again"
    response: HttpResponse = suspend_request(request, reverse(where))
    return response


def second_factors(account: Account) -> set[str]:
    """Kinds of proof beyond a password that an account has here."""
    kinds = Authenticator.objects.filter(user=account).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return set(kinds.values_list("type", flat=True))


def on_step(sender: object, request: HttpRequest, user: Account, method: str, **facts: Any) -> None:
    """Signal receiver for allauth's reauthentication. A password alone does not count for people with a better factor."""
    if facts.get("reauthenticated") and (method == "mfa" or not second_factors(user)):
        note(request, now_ms())
        session_lifetime.renew(request)
        log.info("a fresh proof", person=user.person.uid, by=method)
