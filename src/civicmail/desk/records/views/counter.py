"""Enter a request at the counter, and print its receipt ("/records/requests/new/")."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.desk.records.actions.intake import Receipt
from civicmail.desk.records.acts.intake import ENTER_REQUEST
from civicmail.desk.records.views.public_requests import show_receipt


@acting("records.work")
@never_cache
def enter(request: CityRequest) -> HttpResponse:
    """The form, and after it the receipt with its code, once."""
    row = act_pages.permitted_row(ENTER_REQUEST, request, view=request.method != "POST")

    def receipt(done: Receipt) -> HttpResponse:
        return show_receipt(request, done, back=reverse("records-request", args=[done.request.number]))

    return act_pages.answer(request, ENTER_REQUEST, row, ENTER_REQUEST.form_page(), once=receipt)
