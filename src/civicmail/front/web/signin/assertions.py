"""SAML 2.0 beyond what allauth reads: when and by what the provider last asked the person, and a request to ask once more."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from allauth.socialaccount.providers.saml import utils, views
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest, HttpResponseRedirect

AUTH_TIME, CONTEXT = "auth_time", "amr"
"""What an OpenID provider calls the same (OpenID Connect Core 2): seconds since 1970, and by what."""
_INSTANT = re.compile(r"""\sAuthnInstant\s*=\s*["']([^"']*)["']""")


class Provider(SAMLProvider):  # type: ignore[misc]  # allauth has no types
    """Says as much of a proof as an OpenID provider."""

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> Any:
        login = super().sociallogin_from_response(request, response)
        kept = {k: v for k, v in login.account.extra_data.items() if k not in (AUTH_TIME, CONTEXT)}
        login.account.extra_data = kept | proof(response)
        return login

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        auth = utils.build_auth(request, self)
        again = "prompt=login" in request.GET.get("auth_params", "")
        to = auth.login(return_to="", force_authn=again)
        self.stash_redirect_state(request, process, next_url, data, state_id=auth.get_last_request_id(), **kwargs)
        return HttpResponseRedirect(to)


def proof(response: Any) -> dict[str, Any]:
    """When and by what the person was asked, of an answer whose signature was verified; nothing where it does not say, or more than
    one place does."""
    xml = response.get_last_response_xml()
    instants = _INSTANT.findall(xml.decode() if isinstance(xml, bytes) else xml)
    found: dict[str, Any] = {CONTEXT: list(response.get_last_authn_contexts())}
    try:
        at = datetime.fromisoformat(instants[0]) if len(instants) == 1 else None
    except ValueError:
        at = None
    return found | {AUTH_TIME: int(at.timestamp())} if at is not None and at.tzinfo is not None else found


class _Here:
    """Views of allauth with the provider above."""

    request: HttpRequest

    def get_app(self, slug: str) -> Any:
        return utils.get_app_or_404(self.request, slug)

    def get_provider(self, slug: str = "") -> Provider:
        app = self.get_app(slug or self.kwargs["organization_slug"])  # type: ignore[attr-defined]  # of the view
        return Provider(self.request, app=app)


class _FinishACS(_Here, views.FinishACSView):  # type: ignore[misc]  # as above
    """The answer of the provider."""


class _Login(_Here, views.LoginView):  # type: ignore[misc]  # as above
    """To the provider."""


finish_acs = _FinishACS.as_view()
login = _Login.as_view()
