"""The page behind a rewritten link: it shows where the link leads, without signing in ("/l/TOKEN").

The link contains its own signed address, so this page needs neither the message nor any other server. It never redirects: the
reader sees the real name first. Programs open links too, so GET changes nothing. For a destination known as dangerous the mailbox
is recorded, for the security office only; for others nothing is.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink
from civicmail.city.notices.signed_links import Token
from civicmail.city.pages import city_request
from civicmail.city.pages.page import Page
from civicmail.city.policy import active_rules
from civicmail.city.policy.rules import RuleSet
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.message import links
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions.link_openings import record_opening
from civicmail.desk.incidents.link_destination import Destination, KnownIncidents, LinkContext, destination
from civicmail.desk.viewer.queries import installation
from civicmail.mail.courier import link_rewriting
from civicmail.mail.courier.link_rewriting import RewrittenLink
from civicmail.mail.screening.lookalikes import Protected, protect

log = get_logger()
REPORT_LINK_MS = 3_600_000
"""ms for which the page's own link to report the message works."""


@never_cache
def followed(request: city_request.CityRequest, token: str) -> HttpResponse:
    """Show the destination with a plain link (GET), or report to the security office that the reader has opened a dangerous one
    (POST)."""
    title = gettext("Link check")
    now = epoch_ms(request.now)
    try:
        ring = signed_links.ring(installation())
        link = link_rewriting.read(ring, token)
    except (BadLink, CivicmailError, OSError):
        return _sealed(render(request, "incidents/followed.html", {"page": Page(title, gettext("Link"))}, status=404))
    target = _destination_of(link, now)
    is_confirmed = request.method == "POST"
    if target.verdict == "stop" and (is_confirmed or _is_person(request)):
        _note(link, target, request, is_confirmed=is_confirmed)
    if is_confirmed:
        return redirect(f"{request.path}?told")
    shown = {"page": Page(title, gettext("Link")), "to": target, "told": "told" in request.GET, "url": link.url}
    if target.verdict != "stop":
        report = ring.sign(Token("report", link.capture, link.index, now + REPORT_LINK_MS))
        shown["report"] = reverse("report-link", args=[report])
    return _sealed(render(request, "incidents/followed.html", shown))


def _sealed(response: HttpResponse) -> HttpResponse:
    """Keep the address of this page from other servers. (With no-referrer a browser would not state the origin of the page's
    form.)"""
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _is_person(request: city_request.CityRequest) -> bool:
    """Whether a person opened the page in a browser (W3C Fetch Metadata), not a link scanner or a prefetch."""
    headers = request.headers
    ahead = "prefetch" in f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}".lower()
    return (
        request.method == "GET"
        and headers.get("Sec-Fetch-User") == "?1"
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and not ahead
    )


def _destination_of(link: RewrittenLink, now: int) -> Destination:
    by = LinkContext(_protected(), _book(), now)
    try:
        known: KnownIncidents | None = queries.known_of(str(UUID(bytes=link.capture)), links.real(link.url).host)
    except (DatabaseError, CivicmailError, OSError):
        log.warning("incidents could not be asked about a link")
        known = None
    return destination(link.url, link.pretended, by, known)


def _book() -> RuleSet | None:
    try:
        return active_rules.active(installation())
    except (CivicmailError, OSError):
        log.warning("the rules in force could not be asked about a link")
        return None


def _protected() -> Protected:
    return _protect(tuple(settings.CITY.city.domains), tuple(settings.CITY.screening.protected))


@lru_cache(maxsize=4)
def _protect(domains: tuple[str, ...], others: tuple[str, ...]) -> Protected:
    return protect(domains, others)


def _note(link: RewrittenLink, target: Destination, request: city_request.CityRequest, *, is_confirmed: bool) -> None:
    """Record the opening; without a database the warning is shown all the same."""
    capture = str(UUID(bytes=link.capture))
    now = request.now
    try:
        record = queries.record(capture)
        to = record.envelope.recipients if record is not None else ()
        mailbox = (to[link.index].box or to[link.index].address).lower() if link.index < len(to) else ""
        record_opening(capture, link.index, mailbox, target.host, is_confirmed=is_confirmed, now=now)
    except (DatabaseError, CivicmailError, OSError) as error:
        log.error("a dangerous link was opened and could not be noted", security=True, capture=capture, error=type(error).__name__)
