"""Download a release: the whole of it, or one file, by the desk or by whoever has the request's link. Each is an entry."""

from __future__ import annotations

import base64
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.core.ledger import keys
from civicmail.core.redaction.manifest import NAME
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import ProducedFile, Production, Request
from civicmail.desk.records.queries import released_files
from civicmail.desk.records.queries.receipts import by_token
from civicmail.desk.records.views import request_page
from civicmail.desk.viewer.queries import installation

REQUESTER = machine("requester")
"""Whoever has the link or the code: nobody is asked who that is."""


@acting("records.see")
def whole(request: CityRequest, number: str, production: int) -> HttpResponseBase:
    """The zip file."""
    return send_whole(find(request_page.seen(request, number), production), request.actor, epoch_ms(request.now))


@acting("records.see")
def file(request: CityRequest, number: str, production: int, name: str) -> HttpResponseBase:
    """One file."""
    return send_file(find(request_page.seen(request, number), production), name, request.actor, epoch_ms(request.now))


@never_cache
def public_whole(request: CityRequest, token: str, production: int) -> HttpResponseBase:
    """The zip file, for whoever has the link of the request or typed its code."""
    return send_whole(find(_requested(token), production), REQUESTER, epoch_ms(request.now))


@never_cache
def public_file(request: CityRequest, token: str, production: int, name: str) -> HttpResponseBase:
    """One file, for whoever has the link of the request or typed its code."""
    return send_file(find(_requested(token), production), name, REQUESTER, epoch_ms(request.now))


def _requested(token: str) -> Request:
    """Raises Http404."""
    row = by_token(token)
    if row is None:
        raise Http404
    return row


def find(request: Request, number: int) -> Production:
    """A production that was released. Raises Http404."""
    return get_object_or_404(Production, request=request, number=number, state="released")


def send_whole(row: Production, actor: Actor, now: int) -> HttpResponseBase:
    """The zip file of a release."""
    name = f"{row.request.number}-{row.number}.zip"
    productions.fetched(row, name, actor=actor, now=now)
    return sent_whole(row, name)


def send_file(row: Production, name: str, actor: Actor, now: int) -> HttpResponseBase:
    """One file of a release. Raises Http404, NotReleasable."""
    listed = row.files.filter(name=name).first()
    if listed is None:
        raise Http404
    response = sent_file(listed)
    productions.fetched(row, name, actor=actor, now=now)
    return response


def sent_whole(row: Production, name: str) -> HttpResponseBase:
    """The zip file of a released production, without an entry."""
    return _sent(StreamingHttpResponse(released_files.whole(installation(), row), content_type="application/zip"), name)


def sent_file(row: ProducedFile) -> HttpResponseBase:
    """A file of a released production, without an entry. Raises NotReleasable."""
    return _sent(HttpResponse(released_files.content(installation(), row), content_type=row.media_type), row.name)


def public_part(row: Request, token: str) -> dict[str, Any]:
    """What the status page shows of releases: the package, its lists, and what verifies it, by the link of the request."""
    released = row.productions.filter(state="released").order_by("number")
    key = public_key() if released else ""
    return {
        "template": "records/public_releases.html",
        "key": key,
        "token": token,
        "releases": [(one, one.files.filter(item=0).order_by("name"), one.files.filter(name=NAME).first()) for one in released],
    }


def public_key() -> str:
    """The key of the office, by which a release is verified."""
    return base64.b64encode(keys.public(installation() / "keys")).decode()


def _sent[Response: HttpResponseBase](response: Response, name: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
