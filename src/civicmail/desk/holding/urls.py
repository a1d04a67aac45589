"""Addresses of the pages of holding."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.holding.views import contests, decision, findings, own, quarantine

urlpatterns = [
    path("holding/quarantine/", quarantine.listed, name="quarantine"),
    path("holding/quarantine/<uuid:capture>/<int:index>/", quarantine.release, name="quarantine-release"),
    path("holding/contests/", contests.listed, name="contests"),
    path("holding/contests/<int:pk>/", contests.contest, name="contest"),
    path("holding/findings/", findings.listed, name="findings"),
    path("holding/findings/<int:pk>/", findings.finding, name="finding"),
    path("decision/<uuid:capture>/", decision.decision, name="decision"),
    path("mail/<uuid:id>/release/", own.release, name="mail-release"),
]
