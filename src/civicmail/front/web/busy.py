"""The answer for whom no thread is left to wait (seats.py)."""

from __future__ import annotations

from django.core.handlers.wsgi import WSGIRequest

from civicmail.core.config.sentence import sentence
from civicmail.front.web import failing
from civicmail.front.web.seats import Environ, Start

AGAIN = 3
"""Seconds until it is worth to try again."""


def answer(environ: Environ, start: Start) -> list[bytes]:
    """503 in words, or as a problem for programs."""
    request = WSGIRequest(environ)
    said = sentence("More pages are asked for at this moment than can be shown. Nothing was changed. Try again in a few seconds.")
    response = failing.page(request, 503, said)
    response["Retry-After"] = str(AGAIN)
    start(f"{response.status_code} {response.reason_phrase}", [*response.items()])
    return [response.content]
