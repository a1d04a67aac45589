"""Language of a page: chosen by the person, else by the browser, else English.

Pages for employees and residents are in English and Spanish, pages of offices in English only, with `lang` set. Errors are in
the person's language everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import preferences
from civicmail.city.pages.city_request import CityRequest

OFFICES = (
    "/access/", "/api/", "/demo/", "/dept/", "/department/", "/holding/", "/incidents/", "/mail/sent-plain/", "/mandates/",
    "/oversight/", "/records/", "/reviews/", "/system/",
    *(f"/policy/{room}/" for room in ("approvals", "emergencies", "facts", "fail-matrix", "offered", "rules")),
)  # fmt: skip
"""Beginnings of the addresses of offices, of what programs ask, and of the page on which a demo is entered."""

OWN = ("/holding/approvals/mine/", "/holding/approvals/put-up/")
"""Pages below them that are for all employees."""


def is_office(path: str) -> bool:
    return path.startswith(OFFICES) and not path.startswith(OWN)


class Language:
    """Says `request.language`, the one that the person reads, and makes the page in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.language = translation.get_language_from_request(request)
        with translation.override("en" if is_office(request.path) else request.language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "en")
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def theirs(request: HttpRequest) -> translation.override:
    """Use the person's language on a page of an office."""
    return translation.override(getattr(request, "language", "en"))


def follow(request: Any, code: str) -> None:
    """Go on in the language that a person chose, until the response is made."""
    request.language = code
    translation.activate("en" if is_office(request.path) else code)


def others(request: HttpRequest) -> list[tuple[str, str]]:
    """(code, own name) of the languages in which this page could be, too."""
    if is_office(request.path) and translation.get_language() == "en":
        return []
    return [(code, name) for code, name in settings.LANGUAGES if code != translation.get_language()]


@require_POST
def choose(request: CityRequest) -> HttpResponseBase:
    """Remember the language, in a cookie and for the person, and go back to the page."""
    code = request.POST.get("language", "")
    if request.actor.uid and code in dict(settings.LANGUAGES):
        preferences.set_preferences({"language": code}, actor=request.actor, now=epoch_ms(request.now))
    return set_language(request)
