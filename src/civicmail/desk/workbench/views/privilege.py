"""Privileged messages of an examination as stubs, and the page on which the city attorney reads and clears one (E7)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.actions import content_views
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.core.query.errors import QueryError
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.viewer.views import message_pages
from civicmail.desk.viewer.views.message_pages import Links
from civicmail.desk.workbench import privilege, withheld
from civicmail.desk.workbench.actions import privilege as verbs
from civicmail.desk.workbench.acts.privilege import ASK_CLEARANCE, DECIDE_CLEARANCE
from civicmail.desk.workbench.models import Clearance
from civicmail.desk.workbench.scope import Gate
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.filters import filters_of, query_words
from civicmail.desk.workbench.views.message_pages import place_of
from civicmail.desk.workbench.views.search_page import within
from civicmail.mail.search.errors import DamagedIndex, NotFinished


@dataclass(frozen=True, slots=True)
class Line:
    """A row: date, kinds, and how the request for it stands."""

    id: str
    at: datetime
    kinds: str
    state: tuple[str, Any] | None
    answer: str


@acting("content.list")
def stubs(request: CityRequest, number: str) -> HttpResponse:
    """Show the dates of privileged messages that match, with a form to ask the city attorney for some."""
    row, mandate = examination.looking(request, number)
    data = request.POST.copy()
    data["messages"] = "\n".join(data.getlist("id"))
    form = act_pages.form_of(ASK_CLEARANCE, row, request.actor, data if request.method == "POST" else None)
    filters, now = filters_of(request.path, request.GET), epoch_ms(request.now)
    shown: dict[str, Any] = {"row": row, "form": form, "query": filters.query, "words": query_words(filters.query)}
    done = ""
    if request.method == "POST" and form.is_valid():
        made = run_verb(form, lambda: act_pages.carry_out(ASK_CLEARANCE, row, form, request.actor, now))
        done = ASK_CLEARANCE.message(row, made) if made is not None else ""
    try:
        facts = {"query": filters.query, "privileged": 1}
        permit = content_views.under(mandate, "content.list", actor=request.actor, facts=facts, now=now)
        reader = store().reader_for(permit.person, whole=True)
        tree = within(reader, Gate(installation(), store().archive(), permit, mandate, now), mandate, filters.query, now)
        page = withheld.stubs(reader, mandate, tree, cursor=filters.after)
        shown |= {"lines": _lines(number, page), "total": page.total, "older": _older(request, filters.query, page)}
    except QueryError as error:
        shown["mistake"] = error.message
    except (NotIndexed, DamagedIndex, NotFinished):
        shown["unready"] = True
    head = examination.page(row, "Privileged mail")
    context = {**shown, "page": head, "done": done, "search": _link(reverse("mandate-search", args=[number]), filters.query)}
    return render(request, "workbench/privileged.html", context, status=422 if "mistake" in shown else status_of(form))


def _lines(number: str, page: withheld.StubPage) -> list[Line]:
    ids = [uuid.UUID(stub.id).hex for stub in page.stubs]
    rows = {row.capture: row for row in Clearance.objects.filter(mandate__number=number, capture__in=ids)}
    lines = []
    for stub in page.stubs:
        row = rows.get(uuid.UUID(stub.id).hex)
        state, answer = (privilege.STATES[row.state], row.answer) if row is not None else (None, "")
        lines.append(Line(stub.id, from_ms(stub.at), privilege.names(stub.kinds), state, answer))
    return lines


def _link(path: str, query: str, **more: str) -> str:
    words = {name: text for name, text in {"q": query, **more}.items() if text}
    return f"{path}?{urlencode(words)}" if words else path


def _older(request: CityRequest, query: str, page: withheld.StubPage) -> str:
    return _link(request.path, query, after=page.following) if page.following else ""


@acting("clearance.decide")
def clearance(request: CityRequest, pk: int) -> HttpResponse:
    """Show what was asked, the message while it waits, and the answer."""
    row: Clearance = act_pages.permitted_row(DECIDE_CLEARANCE, request, pk, view=request.method != "POST")
    form_page = DECIDE_CLEARANCE.form_page(row)
    waits = row.state == "asked" and bool(may(request, "clearance.decide", verbs.about(row)))
    if request.method == "POST":
        return act_pages.answer(request, DECIDE_CLEARANCE, row, form_page)
    context = {"row": row}
    if not waits:
        return render(request, form_page.template, {**context, "page": act_pages.head_of(form_page)})
    form = act_pages.form_of(DECIDE_CLEARANCE, row, request.actor, None)
    view, frame_, part_, raw_ = (
        reverse(name, args=[pk]) for name in ("clearance", "clearance-frame", "clearance-part", "clearance-raw")
    )
    return message_pages.message(
        request,
        _permits(request, row),
        place_of(uuid.UUID(row.capture)),
        Links(view, frame_, part_, raw_, post=True),
        whole=True,
        page=lambda _: act_pages.head_of(form_page),
        template=form_page.template,
        more=lambda _: {**context, "form": form, "back": form_page.back, "verb": form_page.submit},
    )


@acting("content.privileged")
def frame(request: CityRequest, pk: int) -> HttpResponse:
    """Send the content of the frame of "as sent"."""
    return message_pages.frame(request, *_content(request, pk), whole=True)


@acting("content.privileged")
@require_POST
def part(request: CityRequest, pk: int) -> HttpResponse:
    """Download one file."""
    return message_pages.part(request, *_content(request, pk), whole=True)


@acting("content.privileged")
@require_POST
def raw(request: CityRequest, pk: int) -> HttpResponse:
    """The whole message, as a download."""
    return message_pages.raw(request, *_content(request, pk), whole=True)


def _content(request: CityRequest, pk: int) -> tuple[message_pages.PermitFor, Any]:
    row: Clearance = act_pages.permitted_row(DECIDE_CLEARANCE, request, pk)
    return _permits(request, row), place_of(uuid.UUID(row.capture))


def _permits(request: CityRequest, row: Clearance) -> message_pages.PermitFor:
    def permit_for(_act: str, facts: dict[str, Any]) -> Permit:
        return verbs.look(row, actor=request.actor, now=epoch_ms(request.now))

    return permit_for
