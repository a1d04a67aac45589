"""Error responses: application/problem+json (RFC 9457), with clause and contact; never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.core.config.errors import CivicmailError
from civicmail.front.web import refusal_log
from civicmail.front.web.api.errors import NoToken, OutOfScope, TooMany

ROOT = "/api/v1/"
TYPE = "application/problem+json"
DETAILS = {
    400: "This request was not understood.",
    401: "Show a token of the API: Authorization: Bearer cmt-…",
    403: "This is not yours to see or to do.",
    404: "Nothing is here, or not for you.",
    405: "This address does not know that method.",
    413: "This is too large.",
    500: "Something went wrong; this is our fault. Nothing was changed.",
    503: "This cannot be done at this moment; nothing was changed. Try again in a minute.",
}
"""HTTP status -> the sentence where an error has none of its own."""


def is_of_api(request: HttpRequest) -> bool:
    """Whether a program asks, which reads no pages."""
    return request.path.startswith(ROOT)


def problem_response(
    request: Any, status: int, detail: str = "", *, act: str = "", fields: Mapping[str, str] | None = None
) -> HttpResponse:
    """The answer. act: of the guard's table, for its clause and whom to ask; fields: what is wrong with each part of what came."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or DETAILS.get(status, DETAILS[500]),
        "instance": f"urn:civicmail:request:{getattr(request, 'id', '')}",
    }
    if status == 403 and act in PERMISSIONS:
        body |= {"clause": PERMISSIONS[act].clause, "ask": str(PERMISSIONS[act].contact)}
    if fields:
        body["errors"] = [{"field": field, "detail": str(sentence)} for field, sentence in fields.items()]
    answer = JsonResponse(body, status=status, content_type=TYPE)
    answer.headers["Cache-Control"] = "no-store"
    if status == 503:
        answer.headers["Retry-After"] = "60"
    return answer


def error_response(request: Any, error: CivicmailError) -> HttpResponse:
    """The answer to an error of ours, with its sentence."""
    refusal_log.note(request, type(error).__name__, error.http)
    act = getattr(request, "act", "")
    fields = error.fields if isinstance(error, Unusable) else None
    words = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    answer = problem_response(request, error.http, words, act=act, fields=fields)
    if isinstance(error, NoToken):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="civicmail"'
    elif isinstance(error, OutOfScope):
        answer.headers["WWW-Authenticate"] = f'Bearer realm="civicmail", error="insufficient_scope", scope="{error.scope}"'
    elif isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def shaped(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What Django itself answers to a program, as a problem, too."""
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith(TYPE):
        return response
    answer = problem_response(request, response.status_code)
    for name in ("Allow", "X-Request-ID"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    return answer
