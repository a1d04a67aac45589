"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Label "retention"; holds and schedules are records of the archive."""

    name = "civicmail.desk.retention"
    label = "retention"
