"""URLs of the records desk."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import act_pages, list_pages
from civicmail.desk.records.acts import scopes
from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.desk.records.views import counter, overview, public_notice, public_requests, scope_page

_ONE = "records/requests/<slug:number>/"

urlpatterns = [
    path("public/records/", public_notice.notice, name="public-records"),
    path("public/records/request/", public_requests.ask, name="public-records-request"),
    path("public/records/request/released/", public_requests.released_suggestions, name="public-records-released"),
    path("public/records/status/", public_requests.status, name="public-records-status"),
    path("public/records/status/<str:token>/", public_requests.follow, name="public-records-follow"),
    *list_pages.paths([REQUESTS]),
    path("records/requests/new/", counter.enter, name="records-request-new"),
    path(_ONE, overview.overview, name="records-request"),
    path(f"{_ONE}scope/", scope_page.scope, name="records-scope"),
    *act_pages.paths(scopes.ACTS),
]
