"""The CardDAV server: device password, one WebDAV request, one answer. No session, no cookie.

Only people who may read their mail now may read the address book: the published snapshot decides, as for IMAP, so that an end
of access ends both at once (P-06, P-07). Read only.
"""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from civicmail.core.config.log import get_logger
from civicmail.front.web import dovecot_auth
from civicmail.front.web.carddav import address_book as books
from civicmail.front.web.carddav import reports, resources
from civicmail.front.web.carddav.address_book import Book
from civicmail.front.web.carddav.xml import NotRead, d, multistatus, problem, read, response
from civicmail.front.web.signin.request_actor import client

log = get_logger()

ALLOWED = "OPTIONS, GET, HEAD, PROPFIND, REPORT"
_XML = "application/xml; charset=utf-8"


@csrf_exempt
def door(request: HttpRequest, path: str = "") -> HttpResponse:
    """Everything below /dav/."""
    response_ = _opened(request)
    response_.headers["DAV"] = "1, 3, addressbook"
    response_.headers.setdefault("Cache-Control", "private, no-store")
    return response_


def _opened(request: HttpRequest) -> HttpResponse:
    data = settings.DATA
    if data is None or (version := dovecot_auth.version(data)) is None:
        return HttpResponse(status=503)
    login, password = _shown(request)
    if not login or (person := dovecot_auth.person_by_password(data, login, password, client(request))) is None:
        name = settings.CITY.city.name.encode("ascii", "replace").decode().translate({34: "'", 92: "/"})
        return HttpResponse(status=401, headers={"WWW-Authenticate": f'Basic realm="{name}", charset="UTF-8"'})
    log.info("the address book was asked", person=person, method=request.method)
    return _answered(request, books.of(str(Path(data)), version, settings.CITY.city.name))


def _shown(request: HttpRequest) -> tuple[str, str]:
    """Login and password of Basic authentication (RFC 7617), or empty."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        login, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return login, password


def _answered(request: HttpRequest, book: Book) -> HttpResponse:
    path = unquote(request.path)
    path = path if path.endswith((".vcf", "/")) else f"{path}/"
    match request.method:
        case "OPTIONS":
            return HttpResponse(headers={"Allow": ALLOWED})
        case "GET" | "HEAD":
            return _get(request, book, path)
        case "PROPFIND" | "REPORT":
            if resources.below(book, path) is None:
                return HttpResponse(status=404)
            body = request.read(resources.MAX_BODY + 1)
            if len(body) > resources.MAX_BODY:
                return HttpResponse(status=413)
            try:
                return _propfind(request, book, path, body) if request.method == "PROPFIND" else _report(book, path, body)
            except NotRead:
                return HttpResponse(status=400)
    return HttpResponse(status=405, headers={"Allow": ALLOWED})


def _get(request: HttpRequest, book: Book, path: str) -> HttpResponse:
    entry = resources.card_at(book, path)
    if entry is None:
        return HttpResponse(status=404 if resources.below(book, path) is None else 405, headers={"Allow": ALLOWED})
    if entry.etag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers={"ETag": entry.etag})
    return HttpResponse(entry.text(), content_type=resources.CARD_TYPE, headers={"ETag": entry.etag})


def _propfind(request: HttpRequest, book: Book, path: str, body: bytes) -> HttpResponse:
    """PROPFIND (RFC 4918 9.1); infinite depth is refused."""
    depth = request.headers.get("Depth", "infinity")
    if depth not in ("0", "1"):
        return HttpResponse(problem(d("propfind-finite-depth")), content_type=_XML, status=403)
    request_body = read(body) if body else None
    if request_body is not None and request_body.tag != d("propfind"):
        raise NotRead("no propfind")
    prop = request_body.find(d("prop")) if request_body is not None else None
    property_names = None if prop is None else [property_.tag for property_ in prop]
    names = request_body is not None and request_body.find(d("propname")) is not None
    members = list(resources.below(book, path) or ())
    parts = [response(href, values, property_names, names=names) for href, values in (members if depth == "1" else members[:1])]
    return HttpResponse(multistatus(parts), content_type=_XML, status=207)


def _report(book: Book, path: str, body: bytes) -> HttpResponse:
    request_body = read(body)
    if not path.startswith(resources.BOOK):
        return HttpResponse(problem(d("supported-report")), content_type=_XML, status=403)
    status, answer = reports.run_report(book, request_body)
    return HttpResponse(answer, content_type=_XML, status=status)
