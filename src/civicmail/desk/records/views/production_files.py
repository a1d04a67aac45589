"""Download a release: the whole of it, or one file, by the desk or by whoever has the request's link. Each is an entry."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.core.redaction.gate import Certificate
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import ProducedFile, Production, Request
from civicmail.desk.records.production import package
from civicmail.desk.records.production.making import FILES
from civicmail.desk.records.production.package import Listed
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


def find(request: Request, number: int) -> Production:
    """A production that was released. Raises Http404."""
    return get_object_or_404(Production, request=request, number=number, state="released")


def send_whole(row: Production, actor: Actor, now: int) -> HttpResponseBase:
    """The zip file of a release."""
    name = f"{row.request.number}-{row.number}.zip"
    productions.fetched(row, name, actor=actor, now=now)
    pieces = package.zipped(_folder(row), [_listed(file) for file in row.files.order_by("name")])
    return _sent(StreamingHttpResponse(pieces, content_type="application/zip"), name)


def send_file(row: Production, name: str, actor: Actor, now: int) -> HttpResponseBase:
    """One file of a release. Raises Http404, NotReleasable."""
    listed = row.files.filter(name=name).first()
    if listed is None:
        raise Http404
    content = package.released(_folder(row), _listed(listed))
    productions.fetched(row, name, actor=actor, now=now)
    return _sent(HttpResponse(content, content_type=listed.media_type), name)


def public_part(row: Request, token: str) -> dict[str, Any]:
    """What the status page shows of releases: their files, key and checksum, by the link of the request."""
    released = row.productions.filter(state="released").order_by("number")
    shown = [
        {"row": one, "url": reverse("public-records-package", args=[token, one.number]), "manifest": _manifest(one)}
        for one in released
    ]
    return {"template": "records/public_releases.html", "releases": shown}


def _manifest(row: Production) -> str:
    return row.files.filter(name="manifest.json").values_list("sha256", flat=True).first() or ""


def _folder(row: Production) -> Any:
    return productions.folder(installation(), row) / FILES


def _listed(row: ProducedFile) -> Listed:
    return Listed(row.name, row.media_type, Certificate(row.name, row.sha256, tuple(row.checks)), is_document=row.item > 0)


def _sent[Response: HttpResponseBase](response: Response, name: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
