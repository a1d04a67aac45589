"""Sign-in pages beside allauth's: sign in again at the provider, remove a password."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from civicmail.front.web.signin.oidc import AGAIN

NOTICE = _(
    "Mail in it is a public record, is kept, and may be examined at any time and without notice (P-18). Use is monitored and "
    "recorded; use without authorization is forbidden. Who signs in agrees to this."
)
"""Stands before every form by which people sign in (P-18; AC-8)."""


def provider_links(request: HttpRequest, **params: str) -> list[tuple[str, str]]:
    """(name, URL) of each identity provider for sign-in. params: added to the query."""
    signin, query = settings.CITY.signin, f"?{urlencode(params)}" if params else ""
    oidc = [(p.name, reverse("openid_connect_login", args=[p.id]) + query) for p in signin.oidc]
    return oidc + [(p.name, reverse("saml_login", args=[p.id]) + query) for p in signin.saml]


def offered(request: HttpRequest) -> dict[str, object]:
    """A context processor: the notice and the providers, for the pages of sign-in."""

    def links() -> list[tuple[str, str]]:  # only where a page asks: it reads the form, which may be too large to read
        where = get_next_redirect_url(request)
        return provider_links(request, **({"next": where} if where else {}))

    return {"notice": NOTICE, "providers": links}


def by_post(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Begin a provider sign-in only by POST; GET shows the button."""

    @wraps(view)
    def begun(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if isinstance(answer, HttpResponseRedirectBase):
            return render(request, "signin/leaving.html", {"where": answer.url})
        return answer

    return never_cache(begun)


@login_required
@never_cache
def again(request: HttpRequest) -> HttpResponse:
    """Repeat the provider sign-in, for people without a passkey or password here."""
    where = get_next_redirect_url(request) or "/"
    links = provider_links(request, **{"next": where, AGAIN: "1"})
    return render(request, "signin/again.html", {"links": links, "next": where})
