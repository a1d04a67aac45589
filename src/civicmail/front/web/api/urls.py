"""URLs of the API."""

from __future__ import annotations

from civicmail.front.web.api.document import API

urlpatterns = API.urls[0]
