"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Label "records"."""

    name = "civicmail.desk.records"
    label = "records"
