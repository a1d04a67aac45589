"""Compression of pages. A compressed page tells by its size whether a text in it repeats what the request said (BREACH, 2013), so a
page is compressed only where no other site can have caused the request, by the browser's own word (Fetch Metadata, W3C)."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

OWN = ("same-origin", "none")
"""Sec-Fetch-Site of what one of our pages requested, or the person at the address bar."""
KINDS = ("text/html", "application/json")


class Compression(GZipMiddleware):
    """gzip for pages and what their scripts fetch; files and streams are left alone."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith(KINDS):
            return response
        patch_vary_headers(response, ("Sec-Fetch-Site",))
        return super().process_response(request, response) if request.headers.get("Sec-Fetch-Site") in OWN else response
