"""Addresses of the pages of reports and pulls."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.incidents.views import cases, linked, pulls, reporting

urlpatterns = [
    path("mail/<uuid:id>/report/", reporting.report, name="mail-report"),
    path("report/<str:token>/", linked.report, name="report-link"),
    path("incidents/", cases.listed, name="incidents"),
    path("incidents/<int:pk>/", cases.case, name="incident"),
    path("incidents/<int:pk>/pull/", pulls.ask, name="pull-ask"),
    path("incidents/pulls/<int:pk>/", pulls.pull, name="pull"),
]
