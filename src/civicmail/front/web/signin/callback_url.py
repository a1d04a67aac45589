"""Callback URLs for identity providers, from web.url and not from the request."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from civicmail.city.pages.city_request import absolute


def at_our_address(request: HttpRequest, path: str) -> str:
    """A URL of ours below `web.url`, else below the requested host, with https if `web.https` is on, because a proxy ends TLS."""
    url = absolute(request, path)
    return f"https://{url.removeprefix('http://')}" if settings.CITY.web.https and url.startswith("http://") else url
