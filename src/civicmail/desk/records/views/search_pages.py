"""The search of a request: its progress, its sums, its affidavit, and what could not be searched (P-21)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import progress
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.progress import Progress
from civicmail.desk.records import affidavit
from civicmail.desk.records.listed_items import PROGRESS, TROUBLES
from civicmail.desk.records.models import Search
from civicmail.desk.records.queries import affidavits, items, requests
from civicmail.desk.records.states import ATTESTATION, OPEN, SEARCH
from civicmail.desk.records.views import request_page

LISTED = 200
"""Items that could not be searched, on the page."""


@acting("records.see")
def search(request: CityRequest, number: str) -> HttpResponse:
    """Show the latest search, and offer another one."""
    row = request_page.seen(request, number)
    latest = Search.objects.filter(scope__request=row).select_related("scope", "by").first()
    works = row.state in OPEN and requests.is_assigned(row, request.actor)
    running = latest is not None and latest.state in items.UNDER_WAY
    here = reverse("records-search", args=[row.number])
    done, total = (latest.done, latest.found + latest.unsearchable) if latest else (0, 0)
    trouble = items.worklist(row)
    shown: dict[str, Any] = {
        "row": row,
        "sections": request_page.sections(row, "records-search", request.actor, epoch_ms(request.now)),
        "search": latest,
        "state": SEARCH[latest.state] if latest else None,
        "scope": requests.agreed_scope(row),
        "may_order": works and not running and bool(may(request, "records.work")),
        "may_settle": works and bool(may(request, "records.review")),
        "open_items": trouble.count(),
        "trouble": [(item, TROUBLES.get(item.trouble, item.trouble), PROGRESS.get(item.settled, "")) for item in trouble[:LISTED]],
        "attestations": [(one, ATTESTATION[one.state]) for one in row.attestations.select_related("person")],
        "may_ask": row.state in OPEN and row.suit is None and bool(may(request, "records.work")),
        "terms": [(term, boxes) for term, boxes in (latest.counts if latest else {}).items() if term],
    }
    page = request_page.page(row, "Search")
    return progress.response(request, "records/search.html", page, Progress(here, done, total, running), shown)


@acting("records.see")
def affidavit_file(request: CityRequest, number: str, pk: int, kind: str) -> HttpResponse:
    """Download the affidavit of a finished search. kind: txt or json."""
    row = request_page.seen(request, number)
    found = get_object_or_404(Search.objects.select_related("scope__request", "by"), pk=pk, scope__request=row, state="ready")
    plain = {**affidavits.affidavit_of(found), "made": epoch_ms(request.now)}
    if kind == "json":
        response: HttpResponse = JsonResponse(plain, json_dumps_params={"indent": 1})
    else:
        response = HttpResponse(affidavit.text(plain), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.number}-search-{found.pk}-affidavit.{kind}"'
    return response
