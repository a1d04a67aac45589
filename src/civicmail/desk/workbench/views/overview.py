"""The page of an examination: its scope, reason and end, and everything that was done under it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard import examination_grounds, mandate_states
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.queries.mandates import subjects_of
from civicmail.city.pages import display_names, entry_words
from civicmail.city.pages.city_request import CityRequest, acting, could, may
from civicmail.city.pages.page import Action
from civicmail.desk.workbench import queries
from civicmail.desk.workbench.actions import holds
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.filters import query_words

ENTRIES = 50


@acting("mandate.see")
def mandate(request: CityRequest, number: str) -> HttpResponse:
    """For who looks with the ways on, for a second person with the answer that waits, for an auditor to read."""
    row = examination.seen(request, number)
    mine = row.person.uid == request.actor.uid
    live = row.state in mandate_states.VIEWABLE and row.starts is not None and row.until is not None and request.now < row.until
    if mine and live:
        request.under = row  # the head of the page shows it
    shown: dict[str, Any] = {
        "page": examination.page(row, actions=_actions(request, row, mine, live)),
        "row": row,
        "mine": mine,
        "live": live,
        "people": queries.subjects(subjects_of(row)),
        "first": from_ms(row.first) if row.first is not None else None,
        "last": from_ms(row.last) if row.last is not None else None,
        "classes": queries.classes(row),
        "change": row.amendments.filter(state="asked").first(),
        "may_answer": not mine and bool(could(request, "mandate.approve")),
        "holds": holds.placed(row.number),
        "exports": [(e, query_words(e.query)) for e in row.exports.select_related("mandate")[:5]] if mine else [],
        "events": _history(row),
        "entries": reverse("entries") if may(request, "entries.see") else "",
    }
    return render(request, "workbench/mandate.html", shown)


def _actions(request: CityRequest, row: Row, mine: bool, live: bool) -> list[Action]:
    n = [row.number]
    if mine and live:
        return examination.actions(row, search=True)
    if not mine and could(request, "mandate.approve"):
        if row.state == "asked":
            return [Action("Answer", reverse("mandate-approve", args=n), primary=True)]
        if row.ratified == "due":
            return [Action("Answer", reverse("mandate-ratify", args=n), primary=True)]
    return []


def _history(row: Row) -> list[dict[str, Any]]:
    """The newest entries about an examination."""
    entries = list(Entry.objects.filter(object=f"mandate:{row.number}").order_by("-id")[:ENTRIES])
    names = display_names.names_by_uid({row.person.uid, *(e.person for e in entries)})
    return [_event(e, display_names.shown_name(e.person, names.get(e.person))) for e in entries]


def _event(e: Entry, name: str) -> dict[str, Any]:
    """One line of the history: time, person, act, and a query or a count, never a subject (I4)."""
    words = entry_words.words(e.act)
    query = e.facts.get("query")
    if query is not None and e.act.startswith("content."):
        words = f"{words}: {query_words(query)}"
    duty = examination_grounds.role_name(e.duty).lower() if e.duty else ""
    return {"at": from_ms(e.at), "by": name, "role": duty, "words": words, "reason": ""}
