"""Security headers of every response: HSTS, isolation, no caching of personal pages (OWASP ASVS 3.4, 14.3)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HSTS = "max-age=31536000; includeSubDomains"
"""RFC 6797: this host and those below it."""
SIGN_OUT = "account_logout"


class Headers:
    """First of all middleware, so that files and refusals have them, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        if settings.CITY.web.https:
            headers["Strict-Transport-Security"] = HSTS
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(getattr(request, "actor", None), "uid", ""):
            headers.setdefault("Cache-Control", "private, no-store")
        match = getattr(request, "resolver_match", None)
        if request.method == "POST" and match is not None and match.view_name == SIGN_OUT:
            headers["Clear-Site-Data"] = '"cache", "storage"'
        return response
