"""URLs of the address book, below dav/."""

from __future__ import annotations

from django.urls import path

from civicmail.front.web.carddav.server import door

urlpatterns = [
    path("", door, name="dav-root"),
    path("<path:path>", door, name="dav"),
]
