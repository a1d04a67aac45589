"""URLs of the retention desk."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.retention.acts import holds as hold_acts
from civicmail.desk.retention.lists.holds import LEGAL_HOLDS
from civicmail.desk.retention.views import hold_pages

urlpatterns = [
    *list_pages.paths([LEGAL_HOLDS]),
    path("retention/holds/place/", hold_pages.place, name="retention-hold-place"),
    path("retention/holds/<slug:hold>/", hold_pages.hold, name="retention-hold"),
    *paths(hold_acts.ACTS),
]
