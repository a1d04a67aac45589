"""Error pages: what was not done, what to do, and a reference; never a stack trace."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import Error as DatabaseFault
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from civicmail.city.guard.authorization_rules import needs_activation
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.pages import wording
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.front.web import language, refusal_log, start
from civicmail.front.web.api import problems
from civicmail.mail.search.errors import NotFinished

log = get_logger()


@dataclass(frozen=True, slots=True)
class ErrorText:
    """title: the h1; message: where the error has no sentence of its own; next: what to do now."""

    title: Promise
    message: Promise
    next: Promise | str = ""


PAGES: dict[int, ErrorText] = {
    400: ErrorText(
        _("This request was not understood"),
        _("Something in it has the wrong form. Nothing was changed."),
        _("Go back and try again."),
    ),
    401: ErrorText(_("Sign in first"), _("This needs a sign-in."), _("Sign in and come back.")),
    403: ErrorText(_("You may not do this"), _("This is not yours to see or to do. Nothing was changed.")),
    404: ErrorText(_("Nothing is here"), _("There is no such page, or not for you."), _("Start again from the home page.")),
    405: ErrorText(
        _("This page cannot do that"), _("The request was malformed. Nothing was changed."), _("Go back and try again.")
    ),
    409: ErrorText(
        _("Things have changed meanwhile"),
        _("Not saved: another person answered first."),
        _("Go back, look again, and decide anew."),
    ),
    413: ErrorText(_("This is too large"), _("More than 32 MB cannot be taken. Nothing was changed."), _("Send a smaller file.")),
    422: ErrorText(
        _("Something is missing"), _("What was typed cannot be used. Nothing was changed."), _("Go back and correct it.")
    ),
    500: ErrorText(
        _("Something went wrong"),
        _("This is our fault. Nothing was changed."),
        _("Try again. If it stays so, tell the reference."),
    ),
    503: ErrorText(
        _("Nothing can be shown at this moment"),
        _("Nothing was shown or changed, because the audit log cannot be written. Mail is not affected."),
        _("Try again in a minute."),
    ),
}
"""HTTP status -> its text."""
STARTING = ErrorText(
    _("Starting"),
    _("Civicmail has just been started, and its pages are not ready yet. Mail is taken in meanwhile."),
    _("This page loads itself again in a few seconds."),
)
BUSY = ErrorText(_("Too much is asked for at this moment"), _("Nothing was changed."), _("Try again in a few seconds."))
RETRY_SECONDS = 3
"""Seconds after which a page that is not ready loads itself again."""


def error_page(
    request: Any, status: int, message: str = "", ask: str = "", clause: str = "", *, activate: bool = False, busy: bool = False
) -> HttpResponse:
    """The page for a status, in the language of the person also where the address is an office's. From 500 on nothing of it needs
    the database. busy: it is 503 because others, or the same person, ask for much."""
    starting = status == 503 and (start.is_starting() or bool(message and start.is_young())) and not busy
    error_text = BUSY if busy else STARTING if starting else PAGES.get(status, PAGES[500])
    if status >= 500:
        request.bare = True
    if not hasattr(request, "now"):  # it failed before our first middleware
        request.now, request.id = timezone.now(), ""
    if problems.is_of_api(request):
        return problems.problem_response(request, status)
    with language.theirs(request):
        words = wording.translate(message) if message else error_text.message
        shown = {
            "telling": error_text,
            "message": words,
            "ask": wording.translate(ask),
            "clause": clause,
            "status": status,
            "activate": activate,
        }
        shown["again"] = RETRY_SECONDS if starting and request.method == "GET" else 0
        response = render(request, "errors/page.html", shown, status=status)
        response.headers["Content-Language"] = translation.get_language() or "en"
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS) if starting or busy else "60"
    return response


def error_response(request: Any, error: CivicmailError) -> HttpResponse:
    """The page for an error of ours, with its sentence, and for a refusal whom to ask."""
    if problems.is_of_api(request):
        return problems.error_response(request, error)
    refusal_log.note(request, type(error).__name__, error.http)
    match = request.resolver_match
    act = PERMISSIONS.get(getattr(match.func, "act", "")) if match and error.http == 403 else None
    words = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)  # a Sentence is one no more as str()
    whom, clause = (act.contact, act.clause) if act else ("", "")
    return error_page(
        request, error.http, words, whom, clause, activate=needs_activation(words), busy=isinstance(error, NotFinished)
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400. The bad input is not repeated."""
    refusal_log.note(request, type(exception).__name__, 400)
    return error_page(request, 413 if type(exception).__name__ == "RequestDataTooBig" else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    refusal_log.note(request, type(exception).__name__, 403)
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return error_page(request, 404)


def server_error(request: Any) -> HttpResponse:
    """handler500: a database that is not there is 503 and no bug; of a bug the log gets its kind and place, no values."""
    error = sys.exc_info()[1]
    if isinstance(error, CivicmailError) and error.http != 500:
        return error_response(request, error)
    away = isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DatabaseFault | ObjectDoesNotExist) and not start.is_prepared()  # tables, or their first rows, come yet
    )
    kind, place = type(error).__name__, _place(error)
    (log.warning if away else log.error)("no database" if away else "a bug", id=getattr(request, "id", ""), error=kind, place=place)
    return error_page(request, 503 if away else 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is not ours, or too old: the browser has forgotten the cookie."""
    refusal_log.note(request, "csrf", 403)
    text = _(
        "This form was too old, or did not come from this page. Nothing was changed. Go back, reload the page and send it again."
    )
    return error_page(request, 403, str(text))


def _place(error: BaseException | None) -> str:
    at = error.__traceback__ if error else None
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f"{at.tb_frame.f_globals.get('__name__', '?')}:{at.tb_lineno}" if at else ""
