"""One content view of a reported message as text, after an audit entry ("/incidents/N/NUMBER/")."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting, or_404, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import label
from civicmail.desk.incidents.actions import reading
from civicmail.desk.incidents.models import Case
from civicmail.desk.incidents.queries import captures_of
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.queries import store

PEOPLE = (("from_", "From"), ("sender", "Sender"), ("reply_to", "Answers to"), ("to", "To"), ("cc", "Cc"))


@acting("report.read")
def read(request: CityRequest, pk: int, capture: uuid.UUID) -> HttpResponse:
    """Show one message, by POST alone, so that a followed link or a reload shows nothing.
    The message is shown as it was delivered."""
    require(request, "report.read")
    row = get_object_or_404(Case, pk=pk)
    if request.method != "POST":
        return redirect("incident", pk)
    if str(capture) not in [*captures_of(row), row.capture]:
        raise Http404
    permit = reading.read(row, str(capture), actor=request.actor, now=epoch_ms(request.now))
    archive = store().archive()
    place = or_404(archive.place(capture.bytes))
    record = archive.capture(permit, place)
    shown = sandboxed.read(delivered_bytes(archive.body(permit, place), record))
    crumbs = [("Reported mail", reverse("incidents")), (f"Incident {pk}", reverse("incident", args=[pk]))]
    facts = [("Entry", permit.entry.removeprefix("entry:"))]
    page = Page("Reported message", "Reported mail", crumbs, label("logged"), facts)
    people = [(words, getattr(shown, name)) for name, words in PEOPLE] if shown is not None else []
    return render(request, "incidents/read.html", {"page": page, "row": row, "shown": shown, "people": people})
