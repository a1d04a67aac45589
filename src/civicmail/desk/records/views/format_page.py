"""One request for another format: what is needed, where it goes, and its answer."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records.formats import FORMATS
from civicmail.desk.records.models import FormatRequest
from civicmail.desk.records.states import FORMAT


@acting("records.see")
def page(request: CityRequest, pk: int) -> HttpResponse:
    """Show it."""
    require(request, "records.see")
    row = get_object_or_404(FormatRequest.objects.select_related("request", "publication", "by"), pk=pk)
    actions = []
    if row.state == "open" and may(request, "records.work"):
        actions = [
            Action("Answer", reverse("records-format-provide", args=[pk]), primary=True),
            Action("Refuse", reverse("records-format-decline", args=[pk])),
        ]
    return render(request, "records/format.html", {"page": head(row, actions=actions), "row": row})


def head(row: FormatRequest, heading: str = "", **more: Any) -> Page:
    """The head of the pages of one request for another format. heading: of a page below it."""
    crumbs = [("Other formats", reverse("records-formats"))]
    title = f"{FORMATS[row.format].text} for {row.request.number}"
    if heading:
        crumbs.append((title, reverse("records-format", args=[row.pk])))
    facts: list[tuple[str, Any]] = [("Received", row.received), *([("Answered by", row.by.display)] if row.by else [])]
    return Page(heading or title, "Records", crumbs, FORMAT[row.state], facts, **more)
