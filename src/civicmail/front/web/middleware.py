"""Middleware: request id and time, actor, session checks, policy acknowledgment, request log.

Only the views of PUBLIC are public; everything else requires sign-in. Logs have views, ids and uids, never what was typed or
shown (I4).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from civicmail.city.guard.access_status import why_refused
from civicmail.city.guard.actors import ANONYMOUS
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.pages.city_request import CityRequest
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.sentence import sentence
from civicmail.front.web import error_pages, formatting, language, refusal_log, request_metrics
from civicmail.front.web.api import problems
from civicmail.front.web.firststeps import page as firststeps
from civicmail.front.web.signin import second_factor, session_lifetime
from civicmail.front.web.signin.adapters import EPOCH
from civicmail.front.web.signin.request_actor import client
from civicmail.front.web.thread_pools import MACHINES
from civicmail.mail.courier.secure_routes import is_files_host

log = get_logger()

LARGEST = 32 * 1024 * 1024
"""Bytes of the largest request body: a feed of a large city is a fifth of that."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other one, TRACE for example, would be taken for GET."""
DAV_METHODS = frozenset({"PROPFIND", "REPORT"})
DAV = "/dav/"
BOOKS = (DAV[:-1], "/.well-known/carddav")
"""The address book of programs, which sign in with each request: no session either."""
FEEDS = "/scim/v2"
"""Asked by identity providers, with tokens of their own: no session either."""

FILES = "/pickup/file/"

PUBLIC = frozenset(
    {
        "healthz",
        "readyz",
        "metrics",
        "account_login",
        "account_logout",
        "demo",
        "claim",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "openid_connect_login",
        "openid_connect_callback",
        "saml_login",
        "saml_acs",
        "saml_finish_acs",
        "saml_metadata",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
        "welcome",
        "welcome-link",
        "language",
        "policy-text",
        "complaint",
        "decision",
        "report-link",
        "link-followed",
        "really",
        "verified",
        "verify",
        "digest",
        "pickup",
        "pickup-file",
        "autoconfig",
        "autoconfig-known",
        "autodiscover",
        "autodiscover-json",
        "mta-sts",
        "public-records",
        "public-records-request",
        "public-records-released",
        "public-records-status",
        "public-records-contest",
        "public-records-follow",
        "public-records-package",
        "public-records-file",
        "public-reading-room",
        "public-feed",
        "public-statistics",
        "public-statistics-file",
        "public-release",
        "public-release-package",
        "public-release-file",
        "public-release-format",
        "public-records-format",
        "public-format",
    }
)
"""Names of all views without sign-in."""

UNNAMED = frozenset(
    {
        "complaint",
        "link-followed",
        "public-records-request",
        "public-records-contest",
        "public-records-follow",
        "public-records-package",
        "public-records-file",
        "public-reading-room",
        "public-release",
        "public-release-package",
        "public-release-file",
        "public-release-format",
        "public-records-format",
        "public-format",
    }
)
"""Views that are logged without the person: anonymous reports and requests, and followed links."""

Next = Callable[[HttpRequest], HttpResponseBase]


class RequestMiddleware:
    """Set id, time and anonymous actor; refuse large bodies before reading; log each request."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: CityRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request.id = uuid.uuid4().hex[:12]
        request.now = timezone.now()
        request.actor = ANONYMOUS
        request.bare = request.path in (*MACHINES, FEEDS, *BOOKS) or request.path.startswith((f"{FEEDS}/", DAV, problems.ROOT))
        response: HttpResponseBase
        if status := _refused(request):
            request.bare = True
            refusal_log.note(request, "request", status)
            response = error_pages.error_page(request, status)
        else:
            response = self.get_response(request)
        if problems.is_of_api(request):
            response = problems.shaped(request, response)
        response.headers["X-Request-ID"] = request.id
        if not request.path.startswith("/static/"):
            self._note(request, response.status_code, time.perf_counter() - started)
        return response

    def process_exception(self, request: CityRequest, error: Exception) -> HttpResponse | None:
        """Turn one of our errors into its page; others go to error_pages.server_error."""
        if isinstance(error, CivicmailError) and error.http != 500:
            return error_pages.error_response(request, error)
        return None

    def _note(self, request: CityRequest, status: int, seconds: float) -> None:
        match = request.resolver_match
        view = (match.view_name or "unnamed") if match else "-"
        request_metrics.note(view, status, seconds)
        tell = log.debug if request.path in MACHINES else log.info
        facts = {"id": request.id, "method": request.method, "view": view, "status": status, "ms": round(seconds * 1000)}
        who = "" if view in UNNAMED else request.actor.uid
        tell("page", **facts, person=who or "-")


def _refused(request: HttpRequest) -> int:
    """The status for a request that is refused unread, else 0."""
    if request.method not in METHODS and not (
        request.method in DAV_METHODS and (request.path in BOOKS or request.path.startswith(DAV))
    ):
        return 405
    if _length(request) > LARGEST:
        return 413
    if _has_zero_byte(request):
        return 400
    return 404 if _is_beside_files(request) else 0


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdigit() else 0


def _has_zero_byte(request: HttpRequest) -> bool:
    """In the URL or a cookie; PostgreSQL text cannot contain one, and forms check themselves."""
    texts = (request.path, request.META.get("QUERY_STRING", ""), *request.COOKIES.values())
    return any("\0" in text or "%00" in text for text in texts)


def _is_beside_files(request: HttpRequest) -> bool:
    """Whether a page is requested from the host for portal files, where uploaded content must not meet a session."""
    return is_files_host(settings.CITY, request.META.get("HTTP_HOST", "")) and not request.path.startswith(FILES)


class AccessMiddleware:
    """Identify the person, check the session, and require policy acknowledgment after sign-in (P1, P-18)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: CityRequest) -> HttpResponseBase:
        formatting.READER_ZONE.set(None)
        if not request.bare:
            self._know(request)
        return self.get_response(request)

    def _know(self, request: CityRequest) -> None:
        """A session of an older epoch, or whose time is over, ends here, at its next request (L2)."""
        if not request.user.is_authenticated:
            request.actor = replace(ANONYMOUS, client=client(request))
            return
        account, now = request.user, epoch_ms(request.now)
        over = "epoch" if request.session.get(EPOCH) != account.epoch else session_lifetime.why_over(request, now)
        if over:
            log.info("a session is over", id=request.id, person=account.person.uid, why=over)
            auth.logout(request)
            return
        session_lifetime.note_use(request, now)
        request.facts = access_status.status_of(account.person.pk, now)
        request.actor = actor_of(account, client(request), now, request.facts)
        if account.language:
            language.follow(request, account.language)
        if account.zone != "city":
            formatting.READER_ZONE.set(ZoneInfo(account.zone))

    def process_view(self, request: CityRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        assert request.resolver_match is not None, "there is a view"
        if request.bare or request.resolver_match.view_name in PUBLIC:
            return None
        if not request.user.is_authenticated:
            if request.resolver_match.view_name == "home" and firststeps.is_open():
                return firststeps.unclaimed(request)
            return self._sign_in_first(request)
        if request.resolver_match.view_name not in second_factor.OPEN and second_factor.is_missing(request, request.user):
            return self._elsewhere(request, reverse("second-factor"))
        return self._gate(request, view)

    def _sign_in_first(self, request: CityRequest) -> HttpResponseBase:
        """Redirect to sign-in and back; a script's partial request reloads the whole page."""
        back = request.htmx.current_url_abs_path if request.htmx else request.get_full_path() if request.method == "GET" else ""
        to = f"{reverse('account_login')}?{urlencode({'next': back or '/'})}"
        return self._elsewhere(request, to)

    def _elsewhere(self, request: CityRequest, to: str) -> HttpResponseBase:
        return HttpResponse(status=204, headers={"HX-Redirect": to}) if request.htmx else HttpResponseRedirect(to)

    def _gate(self, request: CityRequest, view: object) -> HttpResponseBase | None:
        """Ask for policy acknowledgment, or explain why there is no access."""
        actor, act = request.actor, PERMISSIONS.get(getattr(view, "act", ""))
        if not actor.uid or actor.admitted or act is None or act.before_admission:
            return None
        now, facts = epoch_ms(request.now), request.facts
        if facts.owed is not None and facts.owed.is_overdue(now):
            back = urlencode({"next": request.get_full_path() if request.method == "GET" else "/"})
            return HttpResponseRedirect(f"{reverse('acknowledge', args=[facts.owed.version])}?{back}")
        refusal_log.note(request, "no access", 403)
        return error_pages.error_page(
            request, 403, why_refused(facts, now) or sentence("You may not use these pages at this moment.")
        )
