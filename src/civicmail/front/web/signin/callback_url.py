"""Callback URLs for identity providers, from web.url and not from the request."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from civicmail.city.access.views.asked import absolute


def at_our_address(request: HttpRequest, path: str) -> str:
    """A page of ours at `web.url`; without that at the name that the request came by, and never in the clear where `web.https` is
    on: a proxy in front ends TLS."""
    url = absolute(request, path)
    return f"https://{url.removeprefix('http://')}" if settings.CITY.web.https and url.startswith("http://") else url
