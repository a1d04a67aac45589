"""URLs of the retention desk."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.retention.acts import disposals as disposal_acts
from civicmail.desk.retention.acts import holds as hold_acts
from civicmail.desk.retention.lists.disposals import DISPOSALS_LIST
from civicmail.desk.retention.lists.holds import LEGAL_HOLDS
from civicmail.desk.retention.lists.schedules import RETENTION_SCHEDULES
from civicmail.desk.retention.views import disposal_pages, due_page, hold_pages, schedule_pages

urlpatterns = [
    *list_pages.paths([LEGAL_HOLDS, RETENTION_SCHEDULES, DISPOSALS_LIST]),
    path("retention/holds/place/", hold_pages.place, name="retention-hold-place"),
    path("retention/holds/<slug:hold>/", hold_pages.hold, name="retention-hold"),
    *paths(hold_acts.ACTS),
    path("retention/schedules/adopt/", schedule_pages.adopt, name="retention-schedules-adopt"),
    path("retention/schedules/files/", schedule_pages.files, name="retention-schedule-files"),
    path("retention/schedules/files/<int:number>/", schedule_pages.file, name="retention-schedule-file"),
    path("retention/due/", due_page.due, name="retention-due"),
    path("retention/due/file/", due_page.file, name="retention-due-file"),
    *paths(disposal_acts.ACTS),
    path("retention/disposals/<int:pk>/", disposal_pages.disposal, name="retention-disposal"),
    path("retention/disposals/<int:pk>/list.csv", disposal_pages.lines_file, name="retention-disposal-lines"),
    path(
        "retention/disposals/<int:pk>/certificates/<slug:name>.json",
        disposal_pages.certificate,
        name="retention-disposal-certificate",
    ),
]
