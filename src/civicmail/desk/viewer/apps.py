"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class ViewerConfig(AppConfig):
    """Label "viewer"; has no tables."""

    name = "civicmail.desk.viewer"
    label = "viewer"
