"""The 503 answer when all threads are busy (thread_pools.py)."""

from __future__ import annotations

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import parse_cookie

from civicmail.core.config.sentence import sentence
from civicmail.front.web import error_pages
from civicmail.front.web.thread_pools import Environ, Start


def client_key(environ: Environ) -> str:
    """The session or token of a request, "" for others."""
    return parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME, "") or environ.get(
        "HTTP_AUTHORIZATION", ""
    )


def overload_response(environ: Environ, start: Start) -> list[bytes]:
    """503 in words, or as a problem for programs."""
    request = WSGIRequest(environ)
    text = sentence("Nothing was changed, because too many pages were requested, by everybody or by you. Try again in a moment.")
    response = error_pages.error_page(request, 503, text, busy=True)
    start(f"{response.status_code} {response.reason_phrase}", [*response.items()])
    return [response.content]
