"""The room as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Label "incidents"."""

    name = "civicmail.desk.incidents"
    label = "incidents"
