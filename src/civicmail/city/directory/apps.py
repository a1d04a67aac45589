"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """Label "directory"."""

    name = "civicmail.city.directory"
    label = "directory"
