"""URLs of the records desk."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import act_pages, list_pages
from civicmail.desk.records.acts import scopes
from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.desk.records.views import overview, scope_page

_ONE = "records/requests/<slug:number>/"

urlpatterns = [
    *list_pages.paths([REQUESTS]),
    path(_ONE, overview.overview, name="records-request"),
    path(f"{_ONE}scope/", scope_page.scope, name="records-scope"),
    *act_pages.paths(scopes.ACTS),
]
