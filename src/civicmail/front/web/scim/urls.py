"""URLs of SCIM, below scim/."""

from __future__ import annotations

from django.urls import path

from civicmail.front.web.scim.server import door

urlpatterns = [
    path("v2", door, name="scim-root"),
    path("v2/", door, name="scim-home"),
    path("v2/<path:path>", door, name="scim"),
]
