"""One message within an examination: first the audit entry, then the check of the scope, then the page (E5, E6)."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.actions import content_views
from civicmail.city.pages.city_request import CityRequest, acting, or_404
from civicmail.city.pages.listing import list_url
from civicmail.city.pages.page import Action, Page
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.viewer.views import message_pages
from civicmail.desk.viewer.views.message_pages import Links, SeenMessage
from civicmail.desk.workbench.scope import Gate
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.filters import query_words
from civicmail.mail.archive.places import Place


@acting("content.show")
def message(request: CityRequest, number: str, id: uuid.UUID) -> HttpResponse:
    """Show the message."""
    row, mandate = examination.looking(request, number)
    name = "content.print" if request.GET.get("print") else ""
    query = str(request.GET.get("q", "")).replace("\0", " ")[:LONGEST_QUERY]
    view, frame_, part_, raw_ = (reverse(f"mandate-{what}", args=[number, id]) for what in ("message", "frame", "part", "raw"))
    links = Links(view, frame_, part_, raw_, post=True)
    return message_pages.message(
        request,
        permits(request, mandate, name),
        place_of(id),
        links,
        whole=True,
        page=lambda seen: _page(request, row, seen, links, query),
        template="workbench/message.html",
        more=lambda _: {"row": row, "id": id, "query": query, "words": query_words(query)},
    )


@acting("content.show")
def frame(request: CityRequest, number: str, id: uuid.UUID) -> HttpResponse:
    """Send the content of the frame of "as sent"."""
    _, mandate = examination.looking(request, number)
    return message_pages.frame(request, permits(request, mandate), place_of(id), whole=True)


@acting("content.attachment")
@require_POST
def part(request: CityRequest, number: str, id: uuid.UUID) -> HttpResponse:
    """Download one file."""
    _, mandate = examination.looking(request, number)
    return message_pages.part(request, permits(request, mandate), place_of(id), whole=True)


@acting("content.attachment")
@require_POST
def raw(request: CityRequest, number: str, id: uuid.UUID) -> HttpResponse:
    """The whole message, as a download."""
    _, mandate = examination.looking(request, number)
    return message_pages.raw(request, permits(request, mandate), place_of(id), whole=True)


def place_of(id_: uuid.UUID) -> Place:
    """The place of a capture; 404 without one."""
    return or_404(store().archive().place(id_.bytes))


def permits(request: CityRequest, mandate: Mandate, name: str = "") -> message_pages.PermitFor:
    """A permit for what the viewer is about to open: only when its bytes lie in the scope. name: of the act, not show."""

    def permit_for(act: str, facts: dict[str, Any]) -> Permit:
        now = epoch_ms(request.now)
        permit = content_views.under(mandate, name or act, actor=request.actor, facts=facts, now=now)
        archive = store().archive()
        place = or_404(archive.place(uuid.UUID(facts["id"]).bytes))
        Gate(installation(), archive, permit, mandate, now).read(place)
        return permit

    return permit_for


def _page(request: CityRequest, row: Row, seen: SeenMessage, links: Links, query: str) -> Page:
    search = (f"Examination {row.number}: search", list_url(reverse("mandate-search", args=[row.number]), {"q": query}, {}))
    actions = [] if request.GET.get("print") else [Action("Print", f"{links.view}?print=1")]
    return Page(seen.subject, f"Examination {row.number}", [examination.LIST, search], actions=actions)
