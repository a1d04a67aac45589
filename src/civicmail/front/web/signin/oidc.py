"""OpenID Connect: accept an ID token of the configured issuer for this sign-in (P-07).

Every answer has an ID token, verified by OpenID Connect Core 3.1.3.7 with the published keys. Nonce and PKCE bind it to the
browser that began; no parameter of a request changes what is asked of the provider.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import orjson
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from civicmail.city.guard.errors import BadToken
from civicmail.city.snapshot.credentials import parse_jwks, verify_token
from civicmail.core.config.clock import now_ms
from civicmail.core.wire.hosts import is_this_machine
from civicmail.front.web.signin.callback_url import at_our_address

NONCE = "nonce"
"""Key of the state of a sign-in, and claim of its token."""
AGAIN = "again"
"""URL parameter: the provider must authenticate again."""

LARGEST = 1_048_576
"""Bytes of what a provider publishes."""

_WRONG = (KeyError, TypeError, ValueError, AttributeError)
"""Shown for a malformed provider answer."""


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Reads the provider's metadata and answers; any fault raises OAuth2Error, which has a page."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document, of the issuer that the settings name (OpenID Connect Discovery 4.3)."""
        if not hasattr(self, "_openid_config"):
            provider = self.get_provider()
            plain = _published(provider.server_url)
            issuer = str(provider.app.settings["server_url"]).partition("/.well-known/")[0].rstrip("/")
            if str(plain.get("issuer", "")).rstrip("/") != issuer:
                raise OAuth2Error("The discovery document is of another issuer.")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _require_secure(plain.get(name))
            self._openid_config = plain
        return self._openid_config

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        """Exchange the code; it must come from this issuer (RFC 9207)."""
        came_from = request.GET.get("iss")
        needed = self.openid_config.get("authorization_response_iss_parameter_supported") is True
        if (came_from is not None or needed) and came_from != self.openid_config["issuer"]:
            raise OAuth2Error("The code is of another issuer.")
        try:
            answer = super().get_access_token_data(request, app, client, pkce_code_verifier)
        except _WRONG as error:
            raise OAuth2Error(f"The token endpoint answered something else: {type(error).__name__}.") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise OAuth2Error("The token endpoint gave no access token.")
        return answer

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """The token is not stored, so its expiry does not matter."""
        return SocialToken(token=data["access_token"])

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Identify the person by the ID token; fetch userinfo only for a claim that it lacks."""
        try:
            claims = {"id_token": self._claims(app, kwargs["response"].get("id_token"))}
            if app.settings["claim"] not in claims["id_token"]:
                _require_secure(self.openid_config.get("userinfo_endpoint"))
                claims["userinfo"] = dict(self._fetch_user_info(token.token))
            return self.get_provider().sociallogin_from_response(request, claims)
        except BadToken as error:
            raise OAuth2Error(str(error)) from None
        except _WRONG as error:
            raise OAuth2Error(f"The provider said something else of the person: {type(error).__name__}.") from None

    def _claims(self, app: SocialApp, token: object) -> dict[str, Any]:
        """Raises BadToken."""
        if not isinstance(token, str):
            raise BadToken("There is no ID token.")
        keys = parse_jwks(orjson.dumps(_published(self.openid_config["jwks_uri"])))
        claims = verify_token(token, keys, issuer=self.openid_config["issuer"], audience=app.client_id, now=now_ms() // 1000)
        subject, party, audience = claims.get("sub"), claims.get("azp"), claims["aud"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
            raise BadToken("The ID token is about nobody.")
        if (party is not None and party != app.client_id) or (party is None and isinstance(audience, list) and len(audience) > 1):
            raise BadToken("The ID token is for another program.")
        if "iat" not in claims:
            raise BadToken("The ID token does not say when it was made.")
        return claims

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return at_our_address(request, reverse("openid_connect_callback", args=[self.provider_id]))


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """A provider from the settings; URL parameters cannot change its request."""

    package = "allauth.socialaccount.providers.openid_connect"
    oauth2_adapter_class = Adapter

    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        again = request.GET.get(AGAIN) == "1"
        nonce = secrets.token_urlsafe(24)
        params = {"nonce": nonce, **({"prompt": "login", "max_age": "0"} if again else {})}
        process = request.GET.get("process", "login")
        try:
            response: HttpResponse = self.redirect(
                request,
                process,
                get_next_redirect_url(request),
                scope=self.get_scope(),
                auth_params=params,
                nonce=nonce,
                again=again,
            )
        except OAuth2Error as error:
            response = render_authentication_error(request, self, exception=error)
        return response


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _served(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _served(OAuth2CallbackView, request, provider_id)


def _served(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        response: HttpResponse = view.adapter_view(Adapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except OAuth2Error as error:
        return _not_understood(request, provider_id, error)
    return response


def _not_understood(request: HttpRequest, provider_id: str, error: Exception) -> HttpResponse:
    response: HttpResponse = render_authentication_error(request, get_adapter().get_provider(request, provider_id), exception=error)
    return response


def _published(url: str) -> dict[str, Any]:
    """A document of the provider, from where it says and not from where that leads. Raises OAuth2Error."""
    try:
        with get_adapter().get_requests_session() as session:
            answer = session.get(url, allow_redirects=False)
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise OAuth2Error(f"The provider answered {answer.status_code} with {len(answer.content)} bytes.")
        return dict(answer.json())
    except (OSError, *_WRONG) as error:
        raise OAuth2Error(f"What the provider publishes cannot be read: {type(error).__name__}.") from None


def _require_secure(url: object) -> None:
    """Raise OAuth2Error for an endpoint that is reached in the clear over a network."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))):
        raise OAuth2Error("The discovery document has an endpoint that is not https.")
