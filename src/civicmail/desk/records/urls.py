"""URLs of the records desk."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.desk.records.views import overview

_ONE = "records/requests/<slug:number>/"

urlpatterns = [
    *list_pages.paths([REQUESTS]),
    path(_ONE, overview.overview, name="records-request"),
]
