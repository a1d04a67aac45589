"""Federated sign-in by OIDC and SAML: the configured claim names the person, at each sign-in (P-07).

No token of a provider is stored. A person unknown to the directory is refused, and e-mail addresses are ignored. The first
identity that signs in as a person stays the only one (Identity).
"""

from __future__ import annotations

import unicodedata
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import Provider
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from civicmail.city.guard.models import Account
from civicmail.city.identity.actions.signin import bind, note_refused
from civicmail.city.snapshot.credentials import LEEWAY
from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.front.web.signin import oidc, saml, second_factor, step_up
from civicmail.front.web.signin.adapters import refused
from civicmail.front.web.signin.request_actor import client

log = get_logger()

_LONGEST = 254
_OURS = {"openid_connect": oidc.Provider, "saml": saml.Provider}


class FederatedAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Signs in the person named by the claim; never creates accounts or connects identities to a session."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        facts, app = _facts(sociallogin), sociallogin.provider.app
        claim = app.settings["claim"]
        account = account_by(facts.get(claim))
        is_login = sociallogin.state.get("process", "login") == "login"
        if account is not None and is_login and not _is_fresh(sociallogin):
            problem = OAuth2Error("The ID token is of another sign-in.")
            raise ImmediateHttpResponse(render_authentication_error(request, sociallogin.provider, exception=problem))
        if account is None or not is_login:
            log.warning("an identity of a provider is nobody here", security=True, provider=app.name, claim=claim)
            note_refused(_text(facts.get(claim)), door="provider", client=client(request), now=now_ms())
            text = _("You are signed in there, but no one here has this identity. Ask the access office.")
            raise ImmediateHttpResponse(refused(request, _("This identity belongs to no one here."), text))
        if not bind(account, app.settings["of"], sociallogin.account.uid, name=app.name, configured=_configured(), now=now_ms()):
            log.warning("another identity than the one of before", security=True, provider=app.name, person=account.person.uid)
            note_refused(account.username, door="provider", client=client(request), now=now_ms())
            text = _("This person signs in here by another identity. If it is you, ask the access office to release it.")
            raise ImmediateHttpResponse(refused(request, _("This is another identity."), text))
        sociallogin.user = account
        proved = _proved(facts.get("auth_time"), now_ms())
        if sociallogin.state.get(oidc.AGAIN) and not proved:
            log.warning("a provider does not say when it asked", security=True, provider=app.name)
            text = _(
                "The city’s sign-in does not say when it asked you (auth_time), so this is no fresh proof. Tell the access office."
            )
            raise ImmediateHttpResponse(refused(request, _("This is no fresh proof."), text))
        setattr(request, step_up.PROVED, proved)
        setattr(
            request,
            second_factor.MORE,
            app.settings["several"] or second_factor.is_multifactor([*_all(facts.get("amr")), facts.get("acr")]),
        )

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[SocialApp]:
        """Providers from the settings only, never from the database."""
        every = super().list_apps(request, provider=provider, client_id=client_id)
        return [app for app in every if app.pk is None]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """OIDC and SAML as this city takes them."""
        app = self.get_app(request, provider=provider, client_id=client_id)
        return _OURS[app.provider](request, app=app)

    def get_requests_session(self) -> Any:
        """A session without redirects, for the configured provider URLs."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def on_authentication_error(self, request: HttpRequest, provider: Any, **facts: Any) -> None:
        log.warning(
            "a sign-in at a provider failed",
            provider=str(provider),
            error=str(facts.get("error") or ""),
            kind=type(facts.get("exception")).__name__,
            security=True,
        )


def account_by(value: object) -> Account | None:
    """The account whose person has this number or login, or None. Only case is ignored; other normalization could match a
    lookalike name."""
    text = _text(value)
    if not text or unicodedata.normalize("NFKC", text) != text or text != text.strip():
        return None
    accounts = Account.objects.select_related("person")
    matches = {*accounts.filter(person__uid=text), *accounts.filter(username=text.lower())}
    return matches.pop() if len(matches) == 1 else None


def _text(value: object) -> str:
    """The claim if it is a single string, else ""."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST else ""


def _is_fresh(sociallogin: SocialLogin) -> bool:
    """Whether an ID token is the answer to this very request (its nonce); SAML says InResponseTo, which allauth compares."""
    token, nonce = sociallogin.account.extra_data.get("id_token"), sociallogin.state.get(oidc.NONCE)
    if token is None and sociallogin.provider.id != oidc.Provider.id:
        return True
    return bool(nonce) and isinstance(token, dict) and token.get(oidc.NONCE) == nonce


def _proved(auth_time: object, now: int) -> int:
    """Epoch ms of the provider's authentication; 0 if unknown or in the future."""
    at = auth_time * 1000 if type(auth_time) is int and auth_time > 0 else 0
    return min(at, now) if at <= now + LEEWAY * 1000 else 0


def _configured() -> set[str]:
    """All providers for sign-in, by the ids of identities."""
    signin = settings.CITY.signin
    return {p.issuer for p in signin.oidc} | {p.entity for p in signin.saml}


def _all(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _facts(sociallogin: SocialLogin) -> dict[str, Any]:
    """Claims about the person: ID token before userinfo, which must have the same subject (OpenID Connect Core 5.3.2); attributes
    of a SAML assertion."""
    claims = sociallogin.account.extra_data
    if "id_token" not in claims and "userinfo" not in claims:
        return dict(claims)
    token, info = claims.get("id_token") or {}, claims.get("userinfo") or {}
    if token and info and token.get("sub") != info.get("sub"):
        return {}
    return {**info, **token}
