"""Addresses of SCIM."""

from __future__ import annotations

from django.urls import path

from civicmail.front.web.scim.door import door

urlpatterns = [
    path("scim/v2", door, name="scim-root"),
    path("scim/v2/", door, name="scim-home"),
    path("scim/v2/<path:path>", door, name="scim"),
]
