"""URLs of the pages of reports and removals."""

from __future__ import annotations

from django.urls import path, re_path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.incidents.acts.own_reports import REPORT_DANGER
from civicmail.desk.incidents.lists.incidents import INCIDENTS
from civicmail.desk.incidents.views import cases, link_target, pulls, reading, report_link

urlpatterns = [
    *paths([REPORT_DANGER]),
    re_path(r"^l/(?P<token>[A-Za-z0-9_-]{1,8192})/{0,3}\Z", link_target.followed, name="link-followed"),
    path("report/<str:token>/", report_link.report, name="report-link"),
    *list_pages.paths([INCIDENTS]),
    path("incidents/<int:pk>/", cases.case, name="incident"),
    path("incidents/<int:pk>/<uuid:capture>/", reading.read, name="report-read"),
    path("incidents/<int:pk>/pull/", pulls.ask, name="pull-ask"),
    path("incidents/pulls/<int:pk>/", pulls.pull, name="pull"),
]
