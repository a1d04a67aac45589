"""Identities of the city's providers, OIDC and SAML: bound to a person by the configured claim, at each sign-in anew (P-07).

Nothing of a provider is kept: no token, no link between identities. Who the directory does not know is nobody here, whatever the
provider says, and an e-mail address is never looked at.
"""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from civicmail.city.access.actions.signin import note_refused
from civicmail.city.access.models import Account
from civicmail.city.access.queries.signin import normal
from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.front.web.signin import stepup
from civicmail.front.web.signin.adapters import refused
from civicmail.front.web.signin.asker import client

log = get_logger()


class FederatedAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Signs in whom the claim names; never signs anybody up, never connects an identity to a session."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        facts = _facts(sociallogin)
        claim = sociallogin.provider.app.settings["claim"]
        account = account_by(facts.get(claim))
        wanted = sociallogin.state.get("process", "login") == "login"
        if account is None or not wanted:
            log.warning("an identity of a provider is nobody here", provider=sociallogin.provider.app.name, claim=claim)
            note_refused(str(facts.get(claim, "")), door="provider", client=client(request), now=now_ms())
            said = _("You are signed in there, and nobody here has this identity. Ask the access office.")
            raise ImmediateHttpResponse(refused(request, _("This identity is nobody's here."), said))
        sociallogin.user = account
        asked = facts.get("auth_time")
        if isinstance(asked, int):
            setattr(request, stepup.PROVED, asked * 1000)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **facts: Any) -> None:
        log.warning("a sign-in at a provider failed", provider=str(provider), error=str(facts.get("error") or ""))


def account_by(value: object) -> Account | None:
    """The account whose person has this number, or that signs in under this name; None for nobody, and where two fit."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value:
        return None
    accounts = Account.objects.select_related("person")
    found = {*accounts.filter(person__uid=value), *accounts.filter(username=normal(value))}
    return found.pop() if len(found) == 1 else None


def _facts(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the provider says of the person: the signed token before userinfo, which must be about the same subject (OpenID
    Connect Core 5.3.2); the attributes of a SAML assertion."""
    said = sociallogin.account.extra_data
    if "id_token" not in said and "userinfo" not in said:
        return dict(said)
    token, info = said.get("id_token") or {}, said.get("userinfo") or {}
    if token and info and token.get("sub") != info.get("sub"):
        return {}
    return {**info, **token}
