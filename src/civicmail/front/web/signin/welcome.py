"""The page behind a sign-in letter: accept the policy and set the first passkey or password, or new ones after a loss (P-07, P-18;
decisions 0089, 0139).

The two halves are typed here. The link printed by the command line has both; its secret moves from the URL into the session at
once. Opening it uses nothing up.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.webauthn.internal import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.identity.actions import invitations, policy
from civicmail.city.identity.queries import policy_answers
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.views.policy import blocks
from civicmail.core.config.clock import now_ms
from civicmail.front.web.signin.forms import Halves, NewPasskey, NewPassword
from civicmail.front.web.signin.request_actor import client

SECRET = "invitation"  # noqa: S105 - the key of the session under which it waits: of a letter both halves


@never_cache
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Open the link; a valid invitation signs out the current session."""
    if invitations.find_invitation(secret, now=now_ms()) is None:
        return _over(request)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    request.session[SECRET] = secret
    return HttpResponseRedirect(reverse("welcome"))


@never_cache
@sensitive_post_parameters("password", "again", "credential", "first", "second")
def welcome(request: HttpRequest) -> HttpResponse:
    """Set a passkey, or a password, with or without accepting the policy that the person owes; signed in afterwards."""
    if SECRET not in request.session:
        return _halves(request)
    invitation = _invitation(request.session[SECRET])
    if invitation is None:
        return _over(request)
    by_passkey = request.method == "POST" and "credential" in request.POST
    account = invitation.account
    passkey = NewPasskey(request.POST if by_passkey else None)
    password = NewPassword(account, request.POST if request.method == "POST" and not by_passkey else None)
    if by_passkey and passkey.is_valid():
        return _accept(request, invitation, passkey)
    if password.is_bound and password.is_valid():
        return _accept(request, invitation, password)
    creation = auth.begin_registration(account, True)
    text = policy_answers.newest() if policy_answers.owed_by(account.person_id, now_ms()) else None
    shown = {
        "passkey": passkey, "password": password, "form": passkey if by_passkey else password, "account": account,
        "creation": creation, "recovery": invitation.recovery,
        "policy": text, "blocks": blocks(text.text) if text else [],
    }  # fmt: skip
    return render(request, "signin/welcome.html", shown)


def _invitation(secret: str) -> Invitation | None:
    first, _, second = secret.partition(" ")
    return invitations.find_letter(first, second, now=now_ms()) if second else invitations.find_invitation(first, now=now_ms())


def _halves(request: HttpRequest) -> HttpResponse:
    """The form for the two halves; errors do not say which half is wrong."""
    form = Halves(request.POST or None)
    if request.method == "POST" and form.is_valid():
        secret = f"{''.join(form.cleaned_data['first'].split())} {''.join(form.cleaned_data['second'].split())}"
        if _invitation(secret) is not None:
            if request.user.is_authenticated:
                get_adapter(request).logout(request)
            request.session[SECRET] = secret
            return HttpResponseRedirect(reverse("welcome"))
        form.add_error(None, gettext("These halves do not belong together, were used already, or their 72 hours are over."))
    return render(request, "signin/halves.html", {"form": form}, status=422 if form.is_bound else 200)


def _accept(request: HttpRequest, invitation: Invitation, form: NewPasskey | NewPassword) -> HttpResponse:
    def set_(account: Account) -> str:
        if isinstance(form, NewPasskey):
            auth.WebAuthn.add(account, form.cleaned_data["name"] or "Passkey", form.cleaned_data["credential"])
            return "passkey"
        account.set_password(form.cleaned_data["password"])
        account.save(update_fields=["password"])
        return "password"

    try:
        account = invitations.accept(invitation, set_, client=client(request), now=now_ms())
    except Conflict:
        return _over(request)
    adapter = get_adapter(request)
    no: HttpResponse | None = adapter.pre_login(request, account)
    if no is not None:
        return no
    record_authentication(request, account, "invitation")
    vouched: Any = account  # Django asks which backend vouches for it
    vouched.backend = "allauth.account.auth_backends.AuthenticationBackend"
    adapter.login(request, account)
    request.session.pop(SECRET, None)
    if request.POST.get("answer") == "accept" and _accepted(request, account):
        return HttpResponseRedirect(reverse("my-mail"))
    return HttpResponseRedirect(get_next_redirect_url(request) or adapter.get_login_redirect_url(request))


def _accepted(request: HttpRequest, account: Account) -> bool:
    """Record that the person accepts the policy that the page showed. False if that is not the newest any more: Home asks again."""
    text, now = policy_answers.newest(), now_ms()
    if text is None or policy_answers.owed_by(account.person_id, now) is None:
        return False
    try:
        policy.accept(account.person, text, request.POST.get("shown", ""), actor=actor_of(account, client(request), now), now=now)
    except Conflict:
        return False
    return True


def _over(request: HttpRequest) -> HttpResponse:
    request.session.pop(SECRET, None)
    return render(request, "signin/over.html", status=410)
