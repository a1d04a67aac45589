"""A room that does nothing but wrap the viewer: the pages of one message for whoever is signed in, with the eyes of the address."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, reverse

from civicmail.city.guard import permits
from civicmail.city.guard.permits import Permit
from civicmail.city.pages.page import Page
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.views import message_pages
from civicmail.desk.viewer.views.message_pages import Links, SeenMessage
from civicmail.mail.archive.places import Place

ASKED: list[tuple[str, dict[str, Any]]] = []
"""What permits were asked for."""


def permit_for(act: str, facts: dict[str, Any]) -> Permit:
    ASKED.append((act, facts))
    return Permit("p-ann", "examiner", "A test.", 0, "7", _seal=permits._MADE_BY_GUARD)


def _place(id: uuid.UUID) -> Place:
    place = store().archive().place(id.bytes)
    if place is None:
        raise Http404
    return place


def _page(seen: SeenMessage) -> Page:
    return Page(seen.subject, "Messages")


def message(request: HttpRequest, eyes: str, id: uuid.UUID) -> HttpResponse:
    view, frame, part, raw = (reverse(f"seen-{name}", args=[eyes, id]) for name in ("message", "frame", "part", "raw"))
    return message_pages.message(request, permit_for, _place(id), Links(view, frame, part, raw), whole=eyes == "whole", page=_page)


def frame(request: HttpRequest, eyes: str, id: uuid.UUID) -> HttpResponse:
    return message_pages.frame(request, permit_for, _place(id), whole=eyes == "whole")


def part(request: HttpRequest, eyes: str, id: uuid.UUID) -> HttpResponse:
    return message_pages.part(request, permit_for, _place(id), whole=eyes == "whole")


def raw(request: HttpRequest, eyes: str, id: uuid.UUID) -> HttpResponse:
    return message_pages.raw(request, permit_for, _place(id), whole=eyes == "whole")


urlpatterns = [
    path("seen/<str:eyes>/<uuid:id>/", message, name="seen-message"),
    path("seen/<str:eyes>/<uuid:id>/frame/", frame, name="seen-frame"),
    path("seen/<str:eyes>/<uuid:id>/part/", part, name="seen-part"),
    path("seen/<str:eyes>/<uuid:id>/raw/", raw, name="seen-raw"),
    path("", include("civicmail.front.web.urls")),
]
