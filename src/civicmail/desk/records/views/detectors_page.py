"""What the detectors of personal data look for, and how often each was right, wrong or blind (P-21)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Page
from civicmail.desk.records.actions import suggestions
from civicmail.desk.records.detectors import DETECTORS, MEASURED
from civicmail.desk.records.views import request_page


@acting("records.review")
@require_GET
def detectors(request: CityRequest) -> HttpResponse:
    """List the detectors with their precision and recall on the labelled set, and what reviewers answered."""
    require(request, "records.review")
    used = suggestions.precision()
    rows = []
    for name, detector in DETECTORS.items():
        right, wrong, missed = MEASURED[name]
        precision, recall = _percent(right, right + wrong), _percent(right, right + missed)
        rows.append({"detector": detector, "precision": precision, "recall": recall, "used": used[name]})
    places = sum(right + missed for right, _, missed in MEASURED.values())
    page = Page("Detectors", crumbs=[(request_page.LIST, reverse("records-requests"))])
    return render(request, "records/detectors.html", {"page": page, "rows": rows, "places": places})


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole)
