"""OpenID Connect as the standard asks of whom it signs in (OpenID Connect Core 3.1.3.7; RFC 9700): the issuer is the one of the
settings, the token is signed by a key of its own, for us, for this very request, and says who it is about.
"""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView, RequestException
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from civicmail.city.access.credentials import LEEWAY, keys_of

WELL_KNOWN = "/.well-known/openid-configuration"
NONCE = "nonce"
"""Key of the state of a sign-in, and claim of its token."""


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """What the provider says is taken as far as it proves it."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description. Raises OAuth2Error when it describes another issuer than the settings name."""
        config: dict[str, Any] = super().openid_config
        wanted = str(self.get_provider().app.settings["server_url"]).removesuffix(WELL_KNOWN)
        if config.get("issuer") != wanted:
            raise OAuth2Error("the provider calls itself another issuer")
        return config

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("the provider sent no ID token")
        return super().complete_login(request, app, token, **kwargs)

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """The claims of a token whose signature, issuer, audience and times are right. Raises OAuth2Error."""
        config = self.openid_config
        answer = asked("GET", config["jwks_uri"])
        try:
            key, allowed = keys_of(answer.content)[str(jwt.get_unverified_header(id_token).get("kid", ""))]
            claims: dict[str, Any] = jwt.decode(
                id_token, key, algorithms=allowed, audience=app.client_id, issuer=config["issuer"], leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError, jwt.PyJWTError) as error:
            raise OAuth2Error(f"the ID token is not good: {type(error).__name__}") from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("the ID token is for somebody else, too")
        return claims


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # as above
    """Each sign-in has a nonce of its own, which the token repeats (federated.py compares)."""

    oauth2_adapter_class = Adapter

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        nonce = secrets.token_urlsafe(24)
        wanted = kwargs.pop("auth_params", None) or self.get_auth_params()
        return super().redirect(request, process, next_url, data, auth_params={**wanted, NONCE: nonce}, **{NONCE: nonce}, **kwargs)


def asked(method: str, url: str) -> Any:
    """What a provider answers. Raises RequestException, also for a way to elsewhere: its addresses are in the settings."""
    from allauth.socialaccount.adapter import get_adapter

    with get_adapter().get_requests_session() as session:
        answer = session.request(method, url)
    answer.raise_for_status()
    return answer


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider. Where it cannot be reached, or is another one, the page says that the sign-in did not work."""
    adapter = _adapter(request, provider_id)
    try:
        found: HttpResponse = OAuth2LoginView.adapter_view(adapter)(request)
    except (OAuth2Error, RequestException) as error:
        return _failed(request, adapter, error)
    return found


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from it."""
    adapter = _adapter(request, provider_id)
    try:
        found: HttpResponse = OAuth2CallbackView.adapter_view(adapter)(request)
    except (OAuth2Error, RequestException) as error:
        return _failed(request, adapter, error)
    return found


def _adapter(request: HttpRequest, provider_id: str) -> Adapter:
    if provider_id not in {p.id for p in settings.CITY.signin.oidc}:
        raise Http404
    return Adapter(request, provider_id)


def _failed(request: HttpRequest, adapter: Adapter, error: Exception) -> HttpResponse:
    answer: HttpResponse = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer
