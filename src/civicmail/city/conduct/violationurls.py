"""Addresses of the pages about violations, bars and undertakings."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from civicmail.city.conduct.views import bars, complaints, myviolations, undertakings, violationacts, violations

urlpatterns: list[URLPattern | URLResolver] = [
    path("complaints/new/", complaints.new, name="complaint"),
    path("violations/new/", myviolations.new, name="violation-new"),
    path("my/violations/", myviolations.mine, name="my-violations"),
    path("my/violations/<int:pk>/", myviolations.one, name="my-violation"),
    path("agencies/<slug:code>/undertaking/", undertakings.give, name="undertaking-give"),
    path("access/agencies/<slug:code>/undertaking/", undertakings.record, name="undertaking"),
    path("access/violations/", violations.everywhere, name="violations"),
    path("access/violations/<int:pk>/", violations.unnamed, name="violation-unnamed"),
    path("access/violations/<int:pk>/name/", violationacts.name, name="violation-name"),
    path("access/violations/record/<str:uid>/", violationacts.record, name="violation-record"),
    path("access/bars/", bars.bars, name="bars"),
    path("access/bars/<int:pk>/", bars.bar, name="bar"),
    path("dept/<slug:department>/violations/", violations.of_department, name="dept-violations"),
    path("dept/<slug:department>/violations/<int:pk>/", violations.one, name="violation"),
    path("dept/<slug:department>/violations/<int:pk>/<slug:what>/", violationacts.do, name="violation-do"),
]
