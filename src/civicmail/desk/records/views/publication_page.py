"""One publication of the reading room: its state, what the scan found and where, and what may be done."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records.actions import publications
from civicmail.desk.records.models import Publication
from civicmail.desk.records.states import PUBLICATION, PUBLICATIONS

BUTTONS = {
    "allow": ("Publish with what was found", "records-publication-allow"),
    "take": ("Take down", "records-publication-take-down"),
}
"""Action of the table -> words and name of its page."""


@acting("records.see")
def page(request: CityRequest, pk: int) -> HttpResponse:
    """Show it."""
    require(request, "records.see")
    row = get_object_or_404(Publication.objects.select_related("production__request", "by"), pk=pk)
    names = [name for name in BUTTONS if may(request, "records.work") and name in PUBLICATIONS.actions(row.state)]
    production = row.production
    shown = {
        "page": head(row, actions=[Action(BUTTONS[name][0], reverse(BUTTONS[name][1], args=[pk])) for name in names]),
        "row": row,
        "problems": publications.findings_of(row.problems),
        "allowed": publications.findings_of(row.allowed),
        "files": production.files.count(),
        "release": reverse("records-production", args=[production.request.number, production.number]),
    }
    return render(request, "records/publication.html", shown)


def head(row: Publication, heading: str = "", **more: Any) -> Page:
    """The head of the pages of one publication. heading: of a page below it."""
    crumbs = [("Reading room", reverse("records-publications"))]
    if heading:
        crumbs.append((row.title, url(row)))
    facts: list[tuple[str, Any]] = [("Request", row.production.request.number), ("Planned by", row.by.display)]
    facts.append(("Published", row.published) if row.published else ("Planned for", row.after))
    return Page(heading or row.title, "Records", crumbs, PUBLICATION[row.state], facts, **more)


def url(row: Publication) -> str:
    """The address of its page."""
    return reverse("records-publication", args=[row.pk])
