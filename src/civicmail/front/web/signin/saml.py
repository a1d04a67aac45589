"""SAML 2.0: accept a signed assertion that answers a request of this session, once (P-07; SAML Profiles 4.1.4).

The answer is posted from another site, without the person's session. It is verified first; what goes on is in a signed URL that
is valid for two minutes, so nothing is stored for the poster. Single logout is not supported, because anybody could send such a
request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from civicmail.front.web.signin.callback_url import at_our_address
from civicmail.front.web.signin.oidc import AGAIN

LARGEST = 262_144
"""Characters of an answer in base64; a usual one has ten thousand."""
AUTH_TIME, CONTEXT = "auth_time", "amr"
"""Names of the corresponding OpenID Connect claims (Core 2)."""
SECONDS = 120
"""Validity of a verified answer on its way to the session."""
_SALT = "civicmail.saml"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_WRONG = (OneLogin_Saml2_Error, SyntaxError, ValueError, KeyError, TypeError, AttributeError)
"""Shown for an invalid answer."""


class Response(OneLogin_Saml2_Response):  # type: ignore[misc]  # the library has no types
    """Requires, beyond the library's checks, that the signed assertion answers our request."""

    def is_valid(self, request_data: dict[str, Any], request_id: str | None = None, raise_exceptions: bool = False) -> bool:
        if not super().is_valid(request_data, request_id, raise_exceptions):
            return False
        self._error = self._unbound(OneLogin_Saml2_Utils.get_self_url_no_query(request_data))
        return not self._error

    def _unbound(self, here: str) -> str:
        """Why the assertion does not answer our request, or "". Only the assertion is signed."""
        confirmed = [
            node
            for node in self._query_assertion("/saml:Subject/saml:SubjectConfirmation[@Method]/saml:SubjectConfirmationData")
            if node.getparent().get("Method") == _BEARER
        ]
        if len(confirmed) != 1 or not confirmed[0].get("InResponseTo") or confirmed[0].get("NotOnOrAfter") is None:
            return "The assertion does not say for which request of ours, and until when, it is good."
        if confirmed[0].get("InResponseTo") != self.get_in_response_to():
            return "The assertion answers another request."
        if confirmed[0].get("Recipient") != here or self.document.get("Destination", here) != here:
            return "The assertion is for another place."
        return "" if self.get_audiences() else "The assertion is for anybody."

    def authenticated_at(self) -> int:
        """When the person proved who they are, there: seconds since 1970."""
        (node,) = self._query_assertion("/saml:AuthnStatement")
        return int(OneLogin_Saml2_Utils.parse_SAML_to_time(node.get("AuthnInstant")))


class Auth(OneLogin_Saml2_Auth):  # type: ignore[misc]  # as above
    """Keeps what it has checked."""

    response_class = Response
    checked: Response | None = None

    def store_valid_response(self, response: Response) -> None:
        super().store_valid_response(response)
        self.checked = response


@dataclass(frozen=True, slots=True)
class Asserted:
    """A verified answer as allauth reads it. attributes: name -> values."""

    attributes: dict[str, list[str]]

    def get_attributes(self) -> dict[str, list[str]]:
        return self.attributes

    def get_nameid(self) -> str:
        return ""

    def get_nameid_format(self) -> str:
        return ""


class Provider(SAMLProvider):  # type: ignore[misc]  # allauth has no types
    """A provider from the settings."""

    package = "allauth.socialaccount.providers.saml"

    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        again = request.GET.get(AGAIN) == "1"
        auth = _auth(request, self)
        where = auth.login(return_to="", force_authn=again)
        process = request.GET.get("process", "login")
        self.stash_redirect_state(
            request, process, get_next_redirect_url(request), state_id=auth.get_last_request_id(), again=again
        )
        return HttpResponseRedirect(where)


def login(request: HttpRequest, organization_slug: str) -> HttpResponse:
    if request.method != "POST":
        from allauth.socialaccount.providers.base.utils import respond_to_login_on_get

        shown: HttpResponse = respond_to_login_on_get(request, _provider(request, organization_slug))
        return shown
    response: HttpResponse = _provider(request, organization_slug).redirect_from_request(request)
    return response


@csrf_exempt
@never_cache
@require_POST
def acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Receive an answer from the provider, verify it, and redirect to the page with the session."""
    provider = _provider(request, organization_slug)
    message = request.POST.get("SAMLResponse", "")
    try:
        if len(message) > LARGEST:
            raise ValueError("an answer that is too large")
        auth = _auth(request, provider)
        auth.process_response()
        if auth.checked is None:
            raise ValueError(auth.get_last_error_reason() or "an answer that is not good")
        claim = provider.app.settings["claim"]
        values = [v for v in auth.get_attributes().get(claim, []) if isinstance(v, str)][:2]
        facts = {"of": organization_slug, "to": auth.checked.get_in_response_to(), "at": auth.checked.authenticated_at()}
        facts["by"] = [str(c)[:200] for c in auth.get_last_authn_contexts()[:5]]
        facts["is"] = [v[:300] for v in values]
    except _WRONG as error:
        return _not_understood(request, provider, error)
    onward = {"answer": signing.dumps(facts, salt=_SALT, compress=True)}
    return HttpResponseRedirect(f"{reverse('saml_finish_acs', args=[organization_slug])}?{urlencode(onward)}")


@never_cache
@require_GET
def finish_acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Complete the sign-in in the session that asked, once."""
    provider = _provider(request, organization_slug)
    try:
        facts = signing.loads(request.GET.get("answer", ""), salt=_SALT, max_age=SECONDS)
        if facts["of"] != organization_slug:
            raise PermissionDenied("an answer of another provider")
        state = provider.unstash_redirect_state(request, facts["to"])
    except (signing.BadSignature, PermissionDenied) as error:
        return _not_understood(request, provider, error)
    claim = provider.app.settings["claim"]
    signed_in = provider.sociallogin_from_response(request, Asserted({claim: facts["is"] or ["-"]}))
    signed_in.account.extra_data = {claim: facts["is"], AUTH_TIME: facts["at"], CONTEXT: facts["by"]}
    signed_in.state = state
    response: HttpResponse = complete_social_login(request, signed_in)
    return response


@require_GET
def metadata(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Our service provider metadata."""
    known = OneLogin_Saml2_Settings(settings=_config(request, _provider(request, organization_slug)), sp_validation_only=True)
    return HttpResponse(known.get_sp_metadata(), content_type="text/xml")


def _provider(request: HttpRequest, slug: str) -> Any:
    try:
        return get_adapter().get_provider(request, "saml", client_id=slug)
    except SocialApp.DoesNotExist:
        raise Http404 from None


def _config(request: HttpRequest, provider: Any) -> dict[str, Any]:
    slug, idp = provider.app.client_id, provider.app.settings["idp"]
    return {
        "strict": True,
        "security": {
            "wantAssertionsSigned": True,
            "rejectDeprecatedAlgorithm": True,
            "allowSingleLabelDomains": True,
            "allowRepeatAttributeName": True,
            "requestedAuthnContext": False,
            "wantNameId": False,
        },
        "idp": {"entityId": idp["entity_id"], "x509cert": idp["x509cert"], "singleSignOnService": {"url": idp["sso_url"]}},
        "sp": {
            "entityId": at_our_address(request, reverse("saml_metadata", args=[slug])),
            "assertionConsumerService": {"url": at_our_address(request, reverse("saml_acs", args=[slug])), "binding": _POST},
        },
    }


def _auth(request: HttpRequest, provider: Any) -> Auth:
    config = _config(request, provider)
    here = urlsplit(config["sp"]["assertionConsumerService"]["url"])
    fields = {
        "https": "on" if here.scheme == "https" else "off",
        "http_host": here.netloc,
        "script_name": "",
        "path_info": here.path,
        "get_data": {},
        "post_data": {"SAMLResponse": request.POST.get("SAMLResponse", "")},
    }
    return Auth(fields, config)


def _not_understood(request: HttpRequest, provider: Any, error: Exception) -> HttpResponse:
    response: HttpResponse = render_authentication_error(request, provider, exception=error)
    return response
