"""The page of one request: what was asked, how far it is, and everything that was done about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.roster import Event
from civicmail.city.pages import display_names, entry_words
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.page import Action
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Request
from civicmail.desk.records.views import request_page

ENTRIES = 50


@acting("records.see")
def overview(request: CityRequest, number: str) -> HttpResponse:
    """Show the request, its scope, pauses and people, and its history."""
    row = request_page.seen(request, number)
    reads_entries = bool(may(request, "entries.see"))
    shown: dict[str, Any] = {
        "page": request_page.page(row, actions=_actions(request, row)),
        "row": row,
        "sections": request_page.sections(row, "records-request", request.actor, epoch_ms(request.now)),
        "scope": row.scopes.exclude(state__in=("refused", "replaced")).first(),
        "pauses": row.pauses.all(),
        "people": row.assignments.filter(until__isnull=True).select_related("person"),
        "events": _history(row, reads_entries),
        "entries": reverse("entries") if reads_entries else "",
    }
    return render(request, "records/request.html", shown)


def _actions(request: CityRequest, row: Request) -> list[Action]:
    if not may(request, "records.export"):
        return []
    return [Action("Export the case file", reverse("records-case-file", args=[row.number]), False)]


def _history(row: Request, reads_entries: bool) -> list[Event]:
    """Lines of the timeline, newest first, each with its entry for a reader of the audit log."""
    entries = list(Entry.objects.filter(object=object_of(row)).order_by("-id")[:ENTRIES])
    names = display_names.names_by_uid({e.person for e in entries})
    who = [display_names.shown_name(e.person, names.get(e.person)) for e in entries]
    return [
        Event(from_ms(e.at), entry_words.words(e.act), by, url=reverse("entry", args=[e.pk]) if reads_entries else "")
        for e, by in zip(entries, who, strict=True)
    ]
