"""Addresses of the pages of conduct."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from civicmail.city.conduct.views import statements

urlpatterns: list[URLPattern | URLResolver] = [
    path("dept/<slug:department>/statement/", statements.of_department, name="statements"),
    path("dept/<slug:department>/statement/<str:half>/", statements.one, name="statement"),
    path("access/statements/", statements.everywhere, name="all-statements"),
]
