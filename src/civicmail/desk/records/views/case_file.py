"""Download the case file of a request."""

from __future__ import annotations

from django.http import HttpResponse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.desk.records.actions import case_file
from civicmail.desk.records.views import request_page
from civicmail.desk.viewer.queries import installation


@acting("records.export")
def export(request: CityRequest, number: str) -> HttpResponse:
    """The zip file, with its entry."""
    require(request, "records.export")
    row = request_page.seen(request, number)
    content = case_file.export(row, data=installation(), actor=request.actor, now=epoch_ms(request.now))
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{row.number}-case-file.zip"'
    return response
